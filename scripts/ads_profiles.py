# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""List the advertising profiles with currency, budget and time zone; with --refresh ask Amazon again.

Examples:
  python3 scripts/ads_profiles.py
  python3 scripts/ads_profiles.py --refresh --limit 20
  python3 scripts/ads_profiles.py '{"refresh": true}'

The answer's nextOffset is the --offset of the next page, or null at the end. Where Amazon did not answer for
all, `notes` say what to do.
"""

from linkfox_client import command
from linkfox_client.commands import lists


def declare(arguments):
    arguments.switch("--refresh", "ask Amazon again instead of showing what is known")
    lists.declare(arguments)


def run(options, gateway):
    from linkfox_client.commands import renewal
    from linkfox_client.errors import ClientError

    try:
        answer = lists.whole(gateway, "/amazonAds/profiles", refresh=options.refresh)
    except ClientError as failure:
        renewal.explain(failure)
        raise
    return lists.page(
        renewal.profiles(answer), "profiles", ("countryCode", "accountInfoName", "profileId"), options
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
