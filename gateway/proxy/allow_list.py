"""Which methods the developer proxy takes, and which Ads calls only read."""

from collections.abc import Sequence

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Many Ads calls that only read are a POST; what they do is in the last segment of their path.
READING_POSTS = frozenset(
    {
        "bidRecommendations",
        "budgetRecommendations",
        "count",
        "export",
        "history",
        "initialBudgetRecommendation",
        "list",
        "metadata",
        "recommendations",
        "report",
        "reports",
        "search",
        "snapshot",
        "usage",
    }
)
# The unified API names the verb in its third segment: /adsApi/v1/query/campaigns.
UNIFIED_API = ("adsApi", "v1")
UNIFIED_READS = frozenset({"query", "retrieve"})


def reads_ads(method: str, segments: Sequence[str]) -> bool:
    """Return whether an Ads call only reads: a GET, or a POST that lists, counts or makes a report."""
    if method == "GET":
        return True
    if method != "POST":
        return False
    unified = tuple(segments[:2]) == UNIFIED_API and len(segments) > 3
    return segments[-1] in READING_POSTS or (unified and segments[2] in UNIFIED_READS)
