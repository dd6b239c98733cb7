# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Give an ads account another name in the lists. Nothing changes at Amazon, and no new consent is needed.

Examples:
  python3 scripts/ads_rename_account.py --account "My Brand" --new-name "My Brand Europe"
  python3 scripts/ads_rename_account.py --auth-record-id 123456789012 --new-name "My Brand Europe"
  python3 scripts/ads_rename_account.py '{"account": "My Brand", "newName": "My Brand Europe"}'

No other of your ads accounts may have that name. Own gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import choice, self_hosted


def declare(arguments):
    choice.declare_authorization(arguments)
    self_hosted.declare_new_name(arguments)


def run(options, gateway):
    return self_hosted.rename(
        gateway,
        "/amazonAds/renameAccount",
        lambda: choice.authorization(gateway, options),
        {"accountName": options.new_name},
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
