# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Ask Amazon for a new access token of a store, and show it masked.

Examples:
  python3 scripts/refresh_token.py --seller-id A1B2C3D4E5F6G7 --region NA
  python3 scripts/refresh_token.py --store "My Store" --site DE
  python3 scripts/refresh_token.py '{"sellerId": "A1B2C3D4E5F6G7"}'

To use a token, run the program that needs it under with_token.py.
"""

from linkfox_client import command
from linkfox_client.commands import choice


def declare(arguments):
    choice.declare_store(arguments)


def run(options, gateway):
    chosen = choice.store(gateway, options)
    return chosen.named() | gateway.post("/spApi/refreshToken", chosen.which)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
