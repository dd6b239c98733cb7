# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Get the tokens of a store, or of all stores; they are shown masked unless they are handed on on purpose.

Examples:
  python3 scripts/store_tokens.py --seller-id A1B2C3D4E5F6G7 --region NA
  python3 scripts/store_tokens.py --store "My Store" --site DE
  python3 scripts/store_tokens.py --all --min-ttl 900
  python3 scripts/store_tokens.py --seller-id A1B2C3D4E5F6G7 --region NA --output-file ~/token.json
  python3 scripts/store_tokens.py --seller-id A1B2C3D4E5F6G7 --region NA --for-program
  python3 scripts/store_tokens.py '{"sellerId": "A1B2C3D4E5F6G7", "region": "NA"}'

The best way to use a token is to run the program that needs it under with_token.py.
"""

from linkfox_client import command
from linkfox_client.commands import choice, lists, token_output, tokens


def declare(arguments):
    choice.declare_store(arguments, "--all")
    tokens.declare(arguments, "the tokens of every authorized store")
    token_output.declare(arguments)


def run(options, gateway):
    if options.all:
        stores = lists.entries(lists.whole(gateway, "/spApi/authorizedStores"))
        document = tokens.fetch_all(gateway, "/spApi", stores, ("sellerId", "region"), options.min_ttl)
    else:
        chosen = choice.store(gateway, options)
        document = chosen.named() | tokens.fetch(gateway, "/spApi", chosen.which, options.min_ttl)
    return token_output.deliver(document, options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
