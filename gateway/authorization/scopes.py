"""The permissions that a caller may ask for, and what is missing of them afterwards (references/amazon.md).

Amazon grants roles that belong to the application; the names below are the closed set that older guides list.
Nothing depends on Amazon honoring them: they are asked for, recorded and compared.
"""

from collections.abc import Sequence

SPAPI_SCOPES = (
    "sellingpartnerapi::orders",
    "sellingpartnerapi::inventory",
    "sellingpartnerapi::products",
    "sellingpartnerapi::reports",
    "sellingpartnerapi::shipping",
    "sellingpartnerapi::finance",
    "sellingpartnerapi::notifications",
    "sellingpartnerapi::migration",
)
ADS_SCOPE = "advertising::campaign_management"


def parse_scopes(requested: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes once each, in their order; ValueError where one is not in the closed set."""
    for scope in requested:
        if scope not in SPAPI_SCOPES:
            raise ValueError(f"expected some of {', '.join(SPAPI_SCOPES)}")
    return tuple(dict.fromkeys(requested))


def missing_scopes(requested: Sequence[str], granted: Sequence[str] | None) -> list[str] | None:
    """Return what was asked for and not granted; None where Amazon did not say what it granted."""
    if granted is None:
        return None
    return [scope for scope in requested if scope not in granted]
