# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Ask Amazon for a new access token of an ads account, and show it masked.

Examples:
  python3 scripts/ads_refresh_token.py --profile-id 1234567890
  python3 scripts/ads_refresh_token.py --account "My Brand"
  python3 scripts/ads_refresh_token.py --auth-record-id 987654321012
  python3 scripts/ads_refresh_token.py '{"profileId": 1234567890}'

To use a token, run the program that needs it under with_token.py.
"""

from linkfox_client import command
from linkfox_client.commands import choice


def declare(arguments):
    choice.declare_account(arguments)


def run(options, gateway):
    chosen = choice.account(gateway, options)
    return chosen.named() | gateway.post("/amazonAds/refreshToken", chosen.which)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
