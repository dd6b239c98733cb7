"""Which of a seller's stores a region means.

Guides list India under the Far East. Amazon serves it from Europe, so a store of India is kept under Europe,
and is found there, too, when it is asked for under the Far East.
"""

from collections.abc import Sequence

from gateway.model import INDIA, INDIA_ASKED, INDIA_KEPT, Grant, Region


def in_region(stores: Sequence[Grant], region: Region | None) -> list[Grant]:
    """Return those of one seller's stores that a region means; None means any region."""
    if region == INDIA_ASKED and is_indian(stores):
        region = INDIA_KEPT
    return [store for store in stores if region in (None, store.region)]


def is_indian(stores: Sequence[Grant]) -> bool:
    """Tell whether one seller's stores are India's alone: kept under Europe, and none in the Far East."""
    sites = {store.region: store.marketplace for store in stores}
    return INDIA_ASKED not in sites and sites.get(INDIA_KEPT) == INDIA
