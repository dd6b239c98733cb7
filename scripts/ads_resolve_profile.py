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
account or site is meant, never for a number.
"""

from linkfox_client import command
from linkfox_client.commands import choice
from linkfox_client.errors import bad_arguments


def declare(arguments):
    arguments.text("--site", "the site: a country in English or Chinese, a code, a marketplace id")
    arguments.text(
        "--account", "the name the account was authorized under, or the advertiser's", metavar="NAME"
    )
    arguments.identifier("--profile-id", "a profile by its number")
    arguments.check(something_given)


def something_given(options):
    if options.site is None and options.account is None and options.profile_id is None:
        raise bad_arguments("Missing: --site, --account or --profile-id", "Say which profile is meant.")


def run(options, gateway):
    profile = choice.find_profile(
        gateway, site=options.site, account=options.account, profile_id=options.profile_id
    )
    return {**profile, "sandbox": True} if gateway.sandbox else profile


if __name__ == "__main__":
    command.main(__doc__, declare, run)
