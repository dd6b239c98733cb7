# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Get the tokens of an ads account, or of all; they are shown masked unless they are handed on on purpose.

Examples:
  python3 scripts/ads_store_tokens.py --profile-id 1234567890
  python3 scripts/ads_store_tokens.py --account "My Brand" --site US
  python3 scripts/ads_store_tokens.py --all --min-ttl 900
  python3 scripts/ads_store_tokens.py --auth-record-id 987654321012 --output-file ~/token.json
  python3 scripts/ads_store_tokens.py --profile-id 1234567890 --for-program
  python3 scripts/ads_store_tokens.py '{"profileId": 1234567890}'

The best way to use a token is to run the program that needs it under with_token.py.
"""

from linkfox_client import command
from linkfox_client.commands import choice, lists, token_output, tokens


def declare(arguments):
    choice.declare_account(arguments, "--all")
    tokens.declare(arguments, "the tokens of every authorized account")
    token_output.declare(arguments)


def run(options, gateway):
    if options.all:
        from linkfox_client.amazon import accounts

        answer = lists.whole(gateway, "/amazonAds/authorizedStores")
        listed = accounts.accounts(lists.entries(answer) + (answer.get("accountsWithoutProfiles") or []))
        document = tokens.fetch_all(gateway, "/amazonAds", listed, ("authRecordId",), options.min_ttl)
    else:
        chosen = choice.account(gateway, options)
        answer = tokens.fetch(gateway, "/amazonAds", chosen.which, options.min_ttl)
        document = chosen.named() | answer | chosen.which
    return token_output.deliver(document, options, ads=True)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
