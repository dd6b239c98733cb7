# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Import a store's refresh token that was made in Amazon's console (a self-authorized application).

Examples:
  python3 scripts/import_store.py --seller-id A1B2C3D4E5F6G7 --region NA --seller-name "My Store" < token.txt
  python3 scripts/import_store.py --seller-id A1B2C3D4E5F6G7 --region EU --seller-name X --token-file t.txt
  python3 scripts/import_store.py --list - < stores.jsonl

The token is tried out at Amazon first; one that is refused changes nothing. Own gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import imports


def declare(arguments):
    arguments.text("--seller-id", "the seller id, as Seller Central shows it", metavar="ID")
    arguments.region()
    arguments.label("--seller-name", "the name that the store gets in the lists")
    imports.declare(arguments, imports.STORE)


def run(options, gateway):
    return imports.run(gateway, imports.STORE, options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
