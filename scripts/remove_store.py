# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Remove a store and its tokens from the gateway: the caller's own, nobody else's.

Examples:
  python3 scripts/remove_store.py --seller-id A1B2C3D4E5F6G7 --region NA --yes
  python3 scripts/remove_store.py --store "My Store" --region EU --yes

At Amazon the authorization stays until the seller ends it there (Manage Your Apps). Own gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import choice, self_hosted


def declare(arguments):
    choice.declare_store(arguments)
    self_hosted.declare_removal(arguments)


def run(options, gateway):
    return self_hosted.remove(gateway, "/spApi/removeStore", lambda: choice.store(gateway, options))


if __name__ == "__main__":
    command.main(__doc__, declare, run)
