"""Which region a store is kept under, and which of a seller's stores a region means: India is the exception.

Guides list India under the Far East. Amazon serves it from Europe, so a store of India is kept under Europe,
and is found there, too, when it is asked for under the Far East. Whatever depends on that asks here.
"""

from collections.abc import Sequence

from gateway.model import Grant, Region

INDIA = "IN"
INDIA_ASKED: Region = "FE"
INDIA_KEPT: Region = "EU"
INDIA_NOTE = "India is served by Amazon's EU region, so this authorization is kept and looked up under EU."


def agrees(asked: Region | None, site: str, region: Region) -> bool:
    """Tell whether a site, by its code and its region, can be meant by who asked for a region."""
    return asked in (None, region) or (site == INDIA and asked == INDIA_ASKED)


def notes_of(asked: Region | None, kept: Region) -> list[str] | None:
    """Return what a caller should know who asked for a store under another region than it is kept under."""
    return None if asked in (None, kept) else [INDIA_NOTE]


def in_region(stores: Sequence[Grant], region: Region | None) -> list[Grant]:
    """Return those of one seller's stores that a region means; None means any region."""
    if region == INDIA_ASKED and is_indian(stores):
        region = INDIA_KEPT
    return [store for store in stores if region in (None, store.region)]


def is_indian(stores: Sequence[Grant]) -> bool:
    """Tell whether one seller's stores are India's alone: kept under Europe, and none in the Far East."""
    sites = {store.region: store.marketplace for store in stores}
    return INDIA_ASKED not in sites and sites.get(INDIA_KEPT) == INDIA
