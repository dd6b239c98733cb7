"""Which site and region is where: `references/marketplaces.json`, the one list that the scripts read too."""

import json
from dataclasses import dataclass
from functools import cache

from gateway.model import Region
from gateway.util.paths import REFERENCES

REGIONS: tuple[Region, ...] = ("NA", "EU", "FE")
DATA = REFERENCES / "marketplaces.json"

# The first label of Seller and Vendor Central; those of a whole area are on `amazon.com`.
CENTRALS = ("sellercentral", "vendorcentral")
AREAS: dict[str, Region] = {"europe": "EU", "japan": "FE"}

SITELESS = {"NZ": "New Zealand has no site of its own; use AU (Australia)"}


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One Amazon site. Hosts are without a scheme."""

    code: str
    country: str
    marketplace_id: str
    region: Region
    seller_central: str
    vendor_central: str


@cache
def _known() -> dict[str, Marketplace]:
    """Return every marketplace by each name it goes by: country code, ISO code and marketplace id."""
    known: dict[str, Marketplace] = {}
    for row in json.loads(DATA.read_text(encoding="utf-8")):
        marketplace = Marketplace(
            code=row["countryCode"],
            country=row["country"],
            marketplace_id=row["marketplaceId"],
            region=row["region"],
            seller_central=row["sellerCentralUrl"].removeprefix("https://"),
            vendor_central=row["vendorCentralUrl"].removeprefix("https://"),
        )
        for name in (row["countryCode"], row["isoCountryCode"], row["marketplaceId"]):
            known[name] = marketplace
    return known


@cache
def marketplaces() -> tuple[Marketplace, ...]:
    """Return every site, in the file's order."""
    return tuple(dict.fromkeys(_known().values()))


@cache
def _hosts() -> dict[str, Region]:
    """Return Amazon's hosts for sellers with their regions: the file's own, and those of each shop's domain.

    Amazon's guide comes from the shop itself (`amazon.com`), and integrations see a Seller Central on each
    shop's domain (`sellercentral.amazon.de`), also where the file's is `sellercentral-europe.amazon.com`.
    """
    hosts = {f"sellercentral-{area}.amazon.com": region for area, region in AREAS.items()}
    for site in marketplaces():
        for central in (site.seller_central, site.vendor_central):
            name, _, domain = central.partition(".")
            if name in CENTRALS:
                hosts |= dict.fromkeys((domain, f"www.{domain}"), site.region)
                hosts |= {f"{central}.{domain}": site.region for central in CENTRALS}
    return hosts


def region_of_host(host: str) -> Region | None:
    """Return the region of a shop, Seller Central or Vendor Central of Amazon's; None for any other host.

    `host` is compared whole, so there is no room for a user, a port or another spelling.
    """
    return _hosts().get(host)


def parse_region(text: str) -> Region | None:
    """Return the region that `text` names, in any case, or None."""
    wanted = _name(text)
    return next((region for region in REGIONS if region == wanted), None)


def find_marketplace(text: str) -> Marketplace | None:
    """Return the site by its two-letter code (UK and GB alike) or marketplace id, in any case, or None."""
    return _known().get(_name(text))


def _name(text: str) -> str:
    """Return an ASCII word in capitals; anything else is no name of a site or region, so it becomes empty."""
    word = text.strip()
    return word.upper() if word.isascii() else ""
