# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Make the link by which an advertiser authorizes an ads account; with --wait follow what becomes of it.

Examples:
  python3 scripts/ads_authorize_url.py --account-name "My Brand" --region NA
  python3 scripts/ads_authorize_url.py --account-name "My Brand" --region EU --wait 600
  python3 scripts/ads_authorize_url.py --account "My Brand"
  python3 scripts/ads_authorize_url.py --authorization-id ID --wait 600
  python3 scripts/ads_authorize_url.py '{"accountName": "My Brand", "region": "NA"}'

The link also goes to the clipboard and to ~/.cache/linkfox/last_authorize_url.txt: paste it from there, since
a link copied off the screen comes back broken. It works once, for 15 minutes. An account that is known,
named by --account or --auth-record-id, is authorized again under its name.
"""

from linkfox_client import command
from linkfox_client.commands import customer

NEW_ONLY = ("--region", "--auth-record-id", "--account", "--open")


def declare(arguments):
    arguments.label("--account-name", "the name that the account gets in the lists; ask the user for it")
    arguments.region(note=" (default NA, or the known account's)")
    arguments.identifier("--auth-record-id", "authorize this known account again")
    arguments.text("--account", "the same, by the account's name", metavar="NAME")
    arguments.seconds("--wait", "wait as long for the consent and tell how it ended")
    arguments.text("--authorization-id", "follow this earlier attempt instead of making a link", metavar="ID")
    arguments.switch("--open", "open the link in the browser")
    customer.declare(arguments)
    arguments.one_or_more("--account-name", "--auth-record-id", "--account", instead=["--authorization-id"])
    arguments.excludes("--account", "--auth-record-id")
    arguments.excludes("--authorization-id", *NEW_ONLY)


def run(options, gateway):
    from linkfox_client.commands import choice, waiting

    if options.authorization_id:
        return waiting.follow(gateway, waiting.ACCOUNTS, options.authorization_id, options.wait)
    sent_through = customer.fields(gateway, options)
    known = choice.known_account(gateway, options)
    body = {**(known.named() if known else {}), **sent_through}
    if options.account_name:
        body["accountName"] = options.account_name
    if options.region or not known:  # an account that is known keeps its region
        body["region"] = options.region or "NA"
    return waiting.authorize(
        gateway,
        waiting.ACCOUNTS,
        body,
        again=known and known.which,
        wait=options.wait,
        open_browser=options.open,
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
