"""What a person says of the store or account to authorize: its name, its region and its site.

The JSON API and the forms read them by the same rules. Each refusal is a ValueError whose text says what was
expected, without anything of what was given.
"""

from gateway.amazon.marketplaces import SITELESS, Marketplace, find_marketplace, parse_region
from gateway.errors import Problem
from gateway.model import Region
from gateway.regions import agrees, notes_of
from gateway.util.text import has_hidden

LONGEST_NAME = 100
DEFAULT_REGION: Region = "NA"
A_REGION = "expected NA, EU or FE"


def read_name(text: str) -> str:
    """Return a name, trimmed: 1 to 100 characters without control or direction marks, else ValueError."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or has_hidden(name):
        raise ValueError(
            f"expected 1 to {LONGEST_NAME} characters after trimming, without control or direction marks"
        )
    return name


def read_region(text: str) -> Region:
    """Return the region, given in any case, else raise ValueError."""
    region = parse_region(text)
    if region is None:
        raise ValueError(A_REGION)
    return region


def read_marketplace(text: str) -> Marketplace:
    """Return the site: a two-letter code or a marketplace id, else raise ValueError."""
    found = find_marketplace(text)
    if found is None:
        raise ValueError(SITELESS.get(text.strip().upper(), "expected a site such as US, UK, DE or JP"))
    return found


def store_region(region: Region | None, marketplace: Marketplace | None) -> tuple[Region, list[str]]:
    """Return the region that a store is kept under, with what the caller should know about it.

    Raises:
        Problem: `bad_parameter` where the site belongs to another region.
    """
    if marketplace is None:
        return region or DEFAULT_REGION, []
    if agrees(region, marketplace.code, marketplace.region):
        return marketplace.region, notes_of(region, marketplace.region) or []
    raise Problem(
        "bad_parameter", f"marketplace: {marketplace.code} belongs to the region {marketplace.region}"
    )
