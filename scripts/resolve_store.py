# /// script
# requires-python = ">=3.11"
# dependencies = ["requests>=2.32", "keyring>=25", "pyperclip>=1.9", "python-dotenv>=1.0"]
# ///
"""Find the store that a person means by its name, a site, or both, with its region and marketplace ids.

Examples:
  python3 scripts/resolve_store.py --name "My Store"
  python3 scripts/resolve_store.py --name "My Store" --site 德国站
  python3 scripts/resolve_store.py --name "my German store"
  python3 scripts/resolve_store.py --seller-id A1B2C3D4E5F6G7
  python3 scripts/resolve_store.py '{"name": "My Store", "site": "DE"}'

`marketplaceId` is that of the site that was named, `marketplaceIds` are those of all sites where the seller
takes part, as far as they are known; `countryCodes` are theirs, in the same order. Where several stores could
be meant, it ends with `ambiguous` and names them in `candidates`: ask which one.
"""

from linkfox_client import command
from linkfox_client.commands import choice


def declare(arguments):
    choice.declare_named_store(arguments)


def run(options, gateway):
    from linkfox_client.amazon import stores

    row, site = choice.find_store(gateway, options)
    return stores.described(row, site, is_hosted=gateway.is_hosted) | (
        {"sandbox": True} if gateway.sandbox else {}
    )


if __name__ == "__main__":
    command.main(__doc__, declare, run)
