"""What the developer proxy calls unless the settings say otherwise, by the first segments of the path.

For the SP-API: the families of Amazon's published models (github.com/amzn/selling-partner-api-models) that
act for a seller. Left out are `/tokens` (tokens for personal data), `/applications` (the application's own
secret) and `/authorization` (codes for another token). For Ads: the published APIs' first segments.
"""

from collections.abc import Sequence

SPAPI_PREFIXES = (
    "/aplus",
    "/appIntegrations",
    "/awd",
    "/batches/products/pricing",
    "/catalog",
    "/customerFeedback",
    "/dataKiosk",
    "/definitions",
    "/delivery",
    "/easyShip",
    "/externalFulfillment",
    "/fba",
    "/feeds",
    "/finances",
    "/inbound",
    "/listings",
    "/messaging",
    "/mfn",
    "/notifications",
    "/orders",
    "/products/fees",
    "/products/pricing",
    "/promotions",
    "/replenishment",
    "/reports",
    "/sales",
    "/sellers",
    "/service",
    "/shipping",
    "/solicitations",
    "/supplySources",
    "/support",
    "/tax/invoices",
    "/tracking",
    "/uploads",
    "/vehicles",
    "/vendor",
)

ADS_PREFIXES = (
    "/accountBudgetFeatureFlags",
    "/accounts",
    "/ads",
    "/adsAccounts",
    "/adGroups",
    "/adsApi",
    "/amc",
    "/assets",
    "/attribution",
    "/audiences",
    "/billing",
    "/brands",
    "/bsb",
    "/budgets",
    "/campaigns",
    "/creatives",
    "/dsp",
    "/eligibility",
    "/exports",
    "/history",
    "/insights",
    "/invoices",
    "/locations",
    "/measurement",
    "/media",
    "/moderation",
    "/pageAsins",
    "/portfolios",
    "/preModeration",
    "/product",
    "/recommendations",
    "/reporting",
    "/sb",
    "/sd",
    "/sp",
    "/st",
    "/stores",
    "/streams",
    "/targeting",
    "/targets",
    "/v2",
    "/validationConfigurations",
)

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
    """Tell whether an Ads call only reads: a GET, or a POST that lists, counts or makes a report."""
    if method == "GET":
        return True
    if method != "POST":
        return False
    unified = tuple(segments[:2]) == UNIFIED_API and len(segments) > 3
    return segments[-1] in READING_POSTS or (unified and segments[2] in UNIFIED_READS)
