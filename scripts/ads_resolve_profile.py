# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Find the advertising profile that a person means by a site, an account, or both.

Examples:
  python3 scripts/ads_resolve_profile.py --site US
  python3 scripts/ads_resolve_profile.py --site 美国站 --account "My Brand"
  python3 scripts/ads_resolve_profile.py --profile-id 1234567890
  python3 scripts/ads_resolve_profile.py '{"site": "UK", "account": "My Brand"}'

Where several profiles could be meant, it ends with `ambiguous` and names them in `candidates`: ask which
account or site is meant, never for a number. With no argument it is the only profile that there is.
"""

from linkfox_client import command
from linkfox_client.commands import choice


def declare(arguments):
    arguments.text("--site", "the site: a country in English or Chinese, a code, a marketplace id")
    arguments.text(
        "--account", "the name the account was authorized under, or the advertiser's", metavar="NAME"
    )
    arguments.identifier("--profile-id", "a profile by its number")


def run(options, gateway):
    from linkfox_client.commands import rows

    profile = rows.of_account(
        choice.find_profile(
            gateway, site=options.site, account=options.account, profile_id=options.profile_id
        )
    )
    return {**profile, "sandbox": True} if gateway.sandbox else profile


if __name__ == "__main__":
    command.main(__doc__, declare, run)
