# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Run one command with an access token in its environment, and become that command.

Examples:
  python3 scripts/with_token.py --seller-id A1B2C3D4E5F6G7 --region NA -- python3 report.py
  python3 scripts/with_token.py --store "My Store" --site DE -- python3 report.py
  python3 scripts/with_token.py --profile-id 1234567890 -- python3 campaigns.py --days 7
  python3 scripts/with_token.py --seller-id A1B2C3D4E5F6G7 --region NA --keep-fresh -- python3 long.py
  python3 scripts/with_token.py --store "My Store" --site DE --proxy -- python3 report.py
  python3 scripts/with_token.py '{"profileId": 1234567890, "command": ["python3", "campaigns.py"]}'

The command finds AMAZON_ACCESS_TOKEN and, where they are known, AMAZON_TOKEN_EXPIRES_AT (RFC 3339),
AMAZON_REGION and AMAZON_MARKETPLACE_IDS (with commas, that of --site first); a store's also AMAZON_SELLER_ID
and AMAZON_SPAPI_ENDPOINT, a profile's AMAZON_ADS_PROFILE_ID, AMAZON_ADS_CLIENT_ID and AMAZON_ADS_ENDPOINT. In
a sandbox the endpoint is the stand-in's, and AMAZON_SANDBOX is 1. The gateway's own key is not passed on.

With --keep-fresh, for hours: the command reads the file AMAZON_ACCESS_TOKEN_FILE, which holds the token and
nothing else, before each call. It is replaced at least 5 minutes before the token ends, and is gone when the
command has ended. AMAZON_ACCESS_TOKEN is not set then: it would go stale. A command that reads its token only
at its start works for an hour at most, with and without --keep-fresh. Signals and the exit code pass through.
Only `kill -9` of with_token.py (`taskkill /f`) leaves the command behind, with a token that ends, and the
file, which a later --keep-fresh removes.

What a long command does about a refusal. 401 or 403 that names the token: remove the file, in which there is
another token within seconds, and repeat the call once. Another 403 stays as it is: end. 429: wait for the
seconds of Retry-After; without one, for 1 divided by x-amzn-RateLimit-Limit of the last good answer.

With --proxy, on one's own gateway: no token of Amazon's at all. The endpoint is the gateway's own address for
Amazon's API, and the token one that is good there alone, for an hour or with --keep-fresh for hours. It is
sent as Amazon's is; the client id that the Ads API wants is put in by the gateway.
"""

import os

from linkfox_client import command
from linkfox_client.commands import choice, tokens


def declare(arguments):
    choice.declare_either(arguments)
    arguments.switch("--proxy", "no token of Amazon's: the command calls the gateway; see above")
    arguments.switch("--keep-fresh", "for a command that may run longer than the token lives; see above")
    tokens.declare_min_ttl(arguments)
    arguments.rest("command", "the program to run, and its arguments")
    arguments.check(find_program)


def find_program(options):
    from linkfox_client.cli.child import find_command

    options.program = find_command(options.command, os.environ)


def run(options, gateway):
    from linkfox_client.cli import child, output
    from linkfox_client.commands import fresh_token, token_output
    from linkfox_client.commands.program_token import source_of

    source = source_of(gateway, options)
    fields, where = source.first(gateway)
    for note in fields.get("notes", []):
        output.notify(note)

    def environment(token_file=None):
        return token_output.child_environment(os.environ, fields, where, token_file)

    if options.keep_fresh:
        words = [options.program, *options.command[1:]]
        fresh_token.run_command(words, environment, fields, source.again)
    child.replace_with(options.program, options.command, environment())


if __name__ == "__main__":
    command.main(__doc__, declare, run)
