# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Get the tokens of an ads account, or of all; they are shown masked unless they are handed on on purpose.

Examples:
  python3 scripts/ads_store_tokens.py --profile-id 1234567890
  python3 scripts/ads_store_tokens.py --all --min-ttl 900
  python3 scripts/ads_store_tokens.py --auth-record-id 987654321012 --output-file ~/token.json
  python3 scripts/ads_store_tokens.py '{"profileId": 1234567890}'

The best way to use a token is to run the program that needs it under with_token.py.
"""

from linkfox_client import command
from linkfox_client.commands import lists, token_output, tokens


def declare(arguments):
    arguments.identifier("--profile-id", "a profile of the account; ads_resolve_profile.py finds it")
    arguments.identifier("--auth-record-id", "the account itself; ads_authorized_stores.py lists them")
    tokens.declare(arguments, "the tokens of every authorized account")
    token_output.declare(arguments)
    arguments.exactly_one("--profile-id", "--auth-record-id", "--all")


def run(options, gateway):
    if options.all:
        from linkfox_client.amazon import profiles

        answer = lists.whole(gateway, "/amazonAds/authorizedStores")
        accounts = profiles.accounts(lists.entries(answer) + (answer.get("accountsWithoutProfiles") or []))
        document = tokens.fetch_all(gateway, "/amazonAds", accounts, ("authRecordId",), options.min_ttl)
    elif options.profile_id is not None:
        which = {"profileId": options.profile_id}
        document = {**tokens.fetch(gateway, "/amazonAds", which, options.min_ttl), **which}
    else:
        which = {"authRecordId": options.auth_record_id}
        document = tokens.fetch(gateway, "/amazonAds", which, options.min_ttl)
    return token_output.deliver(document, options, ads=True)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
