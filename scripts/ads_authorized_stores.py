# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""List the authorized ads accounts with their sites, one line for each profile.

Examples:
  python3 scripts/ads_authorized_stores.py
  python3 scripts/ads_authorized_stores.py --limit 20 --offset 20
  python3 scripts/ads_authorized_stores.py '{"limit": 20}'

The answer's nextOffset is the --offset of the next page, or null at the end.
"""

from linkfox_client import command
from linkfox_client.commands import lists


def declare(arguments):
    lists.declare(arguments)


def run(options, gateway):
    answer = lists.whole(gateway, "/amazonAds/authorizedStores")
    return lists.page(answer, "stores", ("accountName", "countryCode", "profileId"), options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
