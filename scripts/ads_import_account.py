# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Import an ads account's refresh token that was made elsewhere with the gateway's own client.

Examples:
  python3 scripts/ads_import_account.py --account-name "My Brand" --region NA < token.txt
  python3 scripts/ads_import_account.py --account-name "My Brand" --region EU --token-file /home/me/token.txt
  python3 scripts/ads_import_account.py --list - < accounts.jsonl

The token is tried out at Amazon first; one that is refused changes nothing. The answer lists the account's
profiles. Own gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import imports


def declare(arguments):
    arguments.label("--account-name", "the name that the account gets in the lists")
    arguments.region()
    imports.declare(arguments, imports.ACCOUNT)


def run(options, gateway):
    return imports.run(gateway, imports.ACCOUNT, options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
