# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""List the stores that are authorized, by seller id and region.

Examples:
  python3 scripts/authorized_stores.py
  python3 scripts/authorized_stores.py --limit 20 --offset 20
  python3 scripts/authorized_stores.py '{"limit": 20}'

The answer's nextOffset is the --offset of the next page, or null at the end.
"""

from linkfox_client import command
from linkfox_client.commands import lists


def declare(arguments):
    lists.declare(arguments)


def run(options, gateway):
    answer = lists.whole(gateway, "/spApi/authorizedStores")
    return lists.page(answer, "stores", ("sellerId", "region"), options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
