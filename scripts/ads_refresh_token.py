# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Ask Amazon for a new access token of an ads account, and show it masked.

Examples:
  python3 scripts/ads_refresh_token.py --profile-id 1234567890
  python3 scripts/ads_refresh_token.py --auth-record-id 987654321012
  python3 scripts/ads_refresh_token.py '{"profileId": 1234567890}'

To use a token, run the program that needs it under with_token.py.
"""

from linkfox_client import command


def declare(arguments):
    arguments.identifier("--profile-id", "a profile of the account; ads_resolve_profile.py finds it")
    arguments.identifier("--auth-record-id", "the account itself; ads_authorized_stores.py lists them")
    arguments.exactly_one("--profile-id", "--auth-record-id")


def run(options, gateway):
    if options.profile_id is not None:
        return gateway.post("/amazonAds/refreshToken", {"profileId": options.profile_id})
    return gateway.post("/amazonAds/refreshToken", {"authRecordId": options.auth_record_id})


if __name__ == "__main__":
    command.main(__doc__, declare, run)
