"""Which methods the developer proxy takes, and which Ads calls only read."""

from collections.abc import Sequence

from gateway.proxy.ads_operations import ads_operations

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Of paths that Amazon's descriptions do not have (references/ads-operations.json), such as those of newer
# versions: what a POST does is in the last segment.
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
# But the unified API names the verb in its third segment: /adsApi/v1/query/campaigns.
UNIFIED_API = ("adsApi", "v1")
UNIFIED_READS = frozenset({"query", "retrieve"})
UNIFIED_REPORT = ("create", "reports")


def reads_ads(method: str, segments: Sequence[str]) -> bool:
    """Return whether an Ads call only reads: a GET, or a POST that lists, counts or makes a report.

    `segments`: of the path as it is sent, each decoded.
    """
    operation = ads_operations().find(method, segments)
    if operation is not None:
        return operation.reads
    if method != "POST":
        return method == "GET"
    if tuple(segments[:2]) == UNIFIED_API:
        verb = segments[2:]
        return tuple(verb) == UNIFIED_REPORT or (len(verb) > 1 and verb[0] in UNIFIED_READS)
    return segments[-1] in READING_POSTS
