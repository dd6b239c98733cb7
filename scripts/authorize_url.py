# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Make the link by which a seller authorizes a store, and, with --wait, follow what becomes of it.

Examples:
  python3 scripts/authorize_url.py --seller-name "My Store" --region NA
  python3 scripts/authorize_url.py --seller-name "Mein Laden" --region EU --marketplace DE --wait 600
  python3 scripts/authorize_url.py --authorization-id ID --wait 600
  python3 scripts/authorize_url.py '{"sellerName": "My Store", "region": "NA"}'

The link also goes to the clipboard and to ~/.cache/linkfox/last_authorize_url.txt: paste it from there, since
a link copied off the screen comes back broken. It works once, for 15 minutes.
"""

from linkfox_client import command
from linkfox_client.errors import bad_arguments, find_reason

NEW_ONLY = ("--region", "--marketplace", "--vendor", "--central", "--scope", "--seller-id", "--open")


def declare(arguments):
    arguments.label("--seller-name", "the name that the store gets in the lists; ask the user for it")
    arguments.region(note=" (default: the marketplace's, else NA)")
    arguments.site("--marketplace", "the site whose consent page is used: US, DE, 日本, …; hosted: needed")
    arguments.choice("--central", ("seller", "vendor"), "Seller Central (default), or Vendor Central")
    arguments.switch("--vendor", "the same as --central vendor")
    arguments.texts("--scope", "a permission to ask for; see references/permissions.md", metavar="SCOPE")
    arguments.text("--seller-id", "authorize this known store again, and refuse another", metavar="ID")
    arguments.seconds("--wait", "wait as long for the consent and tell how it ended")
    arguments.text("--authorization-id", "follow this earlier attempt instead of making a link", metavar="ID")
    arguments.switch("--open", "open the link in the browser")
    arguments.exactly_one("--seller-name", "--authorization-id")
    arguments.excludes("--authorization-id", *NEW_ONLY)
    arguments.at_most_one("--central", "--vendor")


def run(options, gateway):
    from linkfox_client.commands import waiting

    if options.authorization_id:
        return waiting.follow(gateway, waiting.STORES, options.authorization_id, options.wait)
    site = options.marketplace
    if site is None and gateway.is_hosted:
        wanted = find_reason("hosted_site_missing")
        raise bad_arguments("Missing: --marketplace, which the hosted gateway wants", wanted.remedy)
    # Of a store that is known a gateway of one's own may know better than a default.
    default = "seller" if gateway.is_hosted or not options.seller_id else None
    region = options.region or (site.region if site else "NA")
    optional = {
        "marketplace": site and site.code,
        "central": "vendor" if options.vendor else options.central or default,
        "scopes": options.scope,
        "sellerId": options.seller_id,
    }
    body = {"sellerName": options.seller_name, "region": region}
    body.update((name, value) for name, value in optional.items() if value)
    known = {"sellerId": options.seller_id, "region": region} if options.seller_id else None
    return waiting.authorize(
        gateway, waiting.STORES, body, again=known, wait=options.wait, open_browser=options.open
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
