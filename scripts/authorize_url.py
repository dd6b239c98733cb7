# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Make the link by which a seller authorizes a store, and, with --wait, follow what becomes of it.

Examples:
  python3 scripts/authorize_url.py --seller-name "My Store" --region NA
  python3 scripts/authorize_url.py --seller-name "Mein Laden" --region EU --marketplace DE --wait 600
  python3 scripts/authorize_url.py --store "My Store" --region EU
  python3 scripts/authorize_url.py --authorization-id ID --wait 600
  python3 scripts/authorize_url.py '{"sellerName": "My Store", "region": "NA"}'

The link also goes to the clipboard and to ~/.cache/linkfox/last_authorize_url.txt: paste it from there, since
a link copied off the screen comes back broken. It works once, for 15 minutes. A store that is known, named
by --store or --seller-id, is authorized again in its region and under its name.
"""

from linkfox_client import command
from linkfox_client.commands import customer
from linkfox_client.errors import bad_arguments, find_reason

KNOWN = ("--seller-id", "--store")
NEW_ONLY = ("--region", "--marketplace", "--vendor", "--central", "--scope", *KNOWN, "--open")


def declare(arguments):
    arguments.label("--seller-name", "the name that the store gets in the lists; ask the user for it")
    arguments.region(note=" (default: the known store's, the marketplace's, else NA)")
    arguments.site(
        "--marketplace", "the site whose consent page is used: US, DE, 日本, …; hosted: needed", "--site"
    )
    arguments.choice("--central", ("seller", "vendor"), "Seller Central (default), or Vendor Central")
    arguments.switch("--vendor", "the same as --central vendor")
    arguments.texts("--scope", "a permission to ask for; see references/permissions.md", metavar="SCOPE")
    arguments.text("--seller-id", "authorize this known store again, and refuse another", metavar="ID")
    arguments.text("--store", "the same, by the store's name", metavar="NAME")
    arguments.seconds("--wait", "wait as long for the consent and tell how it ended")
    arguments.text("--authorization-id", "follow this earlier attempt instead of making a link", metavar="ID")
    arguments.switch("--open", "open the link in the browser")
    customer.declare(arguments)
    arguments.one_or_more("--seller-name", *KNOWN, instead=["--authorization-id"])
    arguments.at_most_one(*KNOWN)
    arguments.excludes("--authorization-id", *NEW_ONLY)
    arguments.at_most_one("--central", "--vendor")


def run(options, gateway):
    from linkfox_client.commands import choice, waiting

    if options.authorization_id:
        return waiting.follow(gateway, waiting.STORES, options.authorization_id, options.wait)
    sent_through = customer.fields(gateway, options)
    site = options.marketplace
    if site is None and gateway.is_hosted:
        wanted = find_reason("hosted_site_missing")
        raise bad_arguments("Missing: --marketplace, which the hosted gateway wants", wanted.remedy)
    region = options.region or (site.region if site else None)
    known = choice.known_store(gateway, options, region)
    # Of a store that is known a gateway of one's own may know better than a default.
    default = "seller" if gateway.is_hosted or not known else None
    optional = {
        "marketplace": site and site.code,
        "central": "vendor" if options.vendor else options.central or default,
        "scopes": options.scope,
    }
    body = {"region": region or "NA", **(known.named() if known else {})}
    if options.seller_name:
        body["sellerName"] = options.seller_name
    body.update((name, value) for name, value in optional.items() if value)
    body.update(sent_through)
    return waiting.authorize(
        gateway,
        waiting.STORES,
        body,
        again=known and known.which,
        wait=options.wait,
        open_browser=options.open,
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
