# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Remove an ads account, its profiles and its tokens from the gateway: the caller's own, nobody else's.

Examples:
  python3 scripts/ads_remove_account.py --account "My Brand" --yes
  python3 scripts/ads_remove_account.py --auth-record-id 123456789012 --yes

At Amazon the consent stays until it is ended there. Own
gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import choice, self_hosted


def declare(arguments):
    choice.declare_authorization(arguments)
    self_hosted.declare_removal(arguments)


def run(options, gateway):
    return self_hosted.remove(
        gateway, "/amazonAds/removeAccount", lambda: choice.authorization(gateway, options)
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
