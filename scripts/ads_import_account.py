# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Import an ads account's refresh token that was made elsewhere with the gateway's own client.

Examples:
  python3 scripts/ads_import_account.py --account-name "My Brand" --region NA < token.txt
  python3 scripts/ads_import_account.py --account-name "My Brand" --region EU --token-file /home/me/token.txt

The token is tried out at Amazon first; one that is refused changes nothing. The answer lists the account's
profiles. Own gateway only.
"""

from linkfox_client import command
from linkfox_client.commands import self_hosted


def declare(arguments):
    arguments.text(
        "--account-name", "the name that the account gets in the lists", required=True, metavar="NAME"
    )
    arguments.region(required=True)
    self_hosted.declare_token(arguments)


def run(options, gateway):
    fields = {"accountName": options.account_name, "region": options.region}
    return self_hosted.import_grant(gateway, "/amazonAds/importAccount", fields, options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
