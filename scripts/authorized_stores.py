# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""List the stores that are authorized, by seller id and region.

Examples:
  python3 scripts/authorized_stores.py
  python3 scripts/authorized_stores.py --limit 20 --offset 20
  python3 scripts/authorized_stores.py --refresh
  python3 scripts/authorized_stores.py '{"limit": 20}'

With --refresh Amazon is asked on which sites the stores of this page sell (own gateway only); `notes` name
those that it did not answer for. nextOffset is the --offset of the next page, or null at the end.
"""

from linkfox_client import command
from linkfox_client.commands import lists


def declare(arguments):
    arguments.switch("--refresh", "ask Amazon again on which sites each store sells")
    lists.declare(arguments)


def run(options, gateway):
    if options.refresh:
        from linkfox_client.commands import renewal, self_hosted

        self_hosted.refuse_hosted(gateway, renewal.NOT_HOSTED)
        asked = {"refresh": True, "limit": options.limit, "offset": options.offset}
        answer = renewal.sites(gateway.post("/spApi/authorizedStores", asked))
        return lists.page(answer, "stores", ("sellerId", "region"), options, is_part=True)
    answer = lists.whole(gateway, "/spApi/authorizedStores")
    return lists.page(answer, "stores", ("sellerId", "region"), options)


if __name__ == "__main__":
    command.main(__doc__, declare, run)
