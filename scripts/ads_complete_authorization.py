# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Complete an ads account's authorization where no browser can reach the gateway.

Examples:
  python3 scripts/ads_complete_authorization.py < address.txt
  pbpaste | python3 scripts/ads_complete_authorization.py

The person opens the link of ads_authorize_url.py and consents; the browser then fails to load a page. The
whole address of that page, out of its address bar, goes into standard input. It works once. Own gateway only.
"""

from linkfox_client import command


def declare(_arguments):
    """The address holds a code: it is taken from standard input only."""


def run(_options, gateway):
    from linkfox_client.commands import self_hosted, waiting

    return self_hosted.complete(gateway, waiting.ACCOUNTS)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
