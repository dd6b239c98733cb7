# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Give a store another name in the lists. Nothing changes at Amazon, and no new consent is needed.

Examples:
  python3 scripts/rename_store.py --store "My Store" --new-name "My Store US"
  python3 scripts/rename_store.py --seller-id A1B2C3D4E5F6G7 --region NA --new-name "My Store US"
  python3 scripts/rename_store.py '{"store": "My Store", "site": "DE", "newName": "Mein Laden"}'

A seller in several regions has a name in each. Own gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import choice, self_hosted


def declare(arguments):
    choice.declare_store(arguments)
    self_hosted.declare_new_name(arguments)


def run(options, gateway):
    return self_hosted.rename(
        gateway,
        "/spApi/renameStore",
        lambda: choice.store(gateway, options),
        {"sellerName": options.new_name},
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
