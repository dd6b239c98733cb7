"""The Ads API version 1, one for all ad products: a profile's campaigns, as Sponsored Products has them.

https://advertising.amazon.com/API/docs/en-us/amazon-ads/1-0/apis#tag/Campaigns
"""

from typing import Any

from amazon_sandbox.advertising import account, lists
from amazon_sandbox.advertising.account import STATES, Entity
from amazon_sandbox.advertising.call import Call, Story, are_texts
from amazon_sandbox.advertising.filters import Filter, among, worded
from amazon_sandbox.http_messages import Answer, compressed
from amazon_sandbox.marketplaces import site_for_ads
from amazon_sandbox.records import Profile

LARGEST_PAGE = 1000
PRODUCT = "SPONSORED_PRODUCTS"
PRODUCTS = (
    "AMAZON_DSP", "SPONSORED_BRANDS", "SPONSORED_DISPLAY", PRODUCT, "SPONSORED_TELEVISION",
)  # fmt: skip
# How version 3 calls a campaign's way to bid, and how version 1 does.
BID_STRATEGIES = {
    "LEGACY_FOR_SALES": "SALES_DOWN_ONLY",
    "AUTO_FOR_SALES": "SALES_UP_AND_DOWN",
    "MANUAL": "MANUAL",
    "RULE_BASED": "RULE_BASED",
}
_FILTERS: dict[str, Filter] = {
    "campaignIdFilter": among("campaignId"),
    "stateFilter": among("state", STATES),
    "nameFilter": worded("name"),
    "portfolioIdFilter": among("portfolioId"),
}


def _campaigns(call: Call) -> Answer:
    profile = call.profile()
    call.check_accept()
    wanted = call.body().get("adProductFilter")
    products = wanted.get("include") if isinstance(wanted, dict) else None
    if not are_texts(products) or not products or not set(products) <= set(PRODUCTS):
        raise call.invalid(f"adProductFilter must include some of {', '.join(PRODUCTS)}.")
    found = account.all_campaigns(profile, call.world.business) if PRODUCT in products else []
    page, _, token = lists.page(call, "unified campaigns", found, _FILTERS, LARGEST_PAGE)
    document: dict[str, Any] = {"campaigns": [_campaign(each, profile) for each in page]}
    if token:
        document["nextToken"] = token
    return compressed(call.operation.answer("ok", document), call.request)


def _campaign(campaign: Entity, profile: Profile) -> Entity:
    """Return a campaign of version 3 as version 1 answers it."""
    start = f"{campaign['startDate']}T00:00:00Z"
    site = site_for_ads(profile.country_code)
    amount = {"currencyCode": site["currency"] if site else None, "value": campaign["budget"]["budget"]}
    told: Entity = {
        "adProduct": PRODUCT,
        "autoCreationSettings": {"autoCreateTargets": campaign["targetingType"] == "AUTO"},
        "budgets": [
            {
                "budgetType": "MONETARY",
                "budgetValue": {"monetaryBudgetValue": {"monetaryBudget": amount}},
                "recurrenceTimePeriod": "DAILY",
            }
        ],
        "campaignId": campaign["campaignId"],
        "creationDateTime": start,
        "lastUpdatedDateTime": start,
        "marketplaceScope": "SINGLE_MARKETPLACE",
        "name": campaign["name"],
        "startDateTime": start,
        "state": campaign["state"],
    }
    if campaign.get("portfolioId"):
        told["portfolioId"] = campaign["portfolioId"]
    strategy = (campaign.get("dynamicBidding") or {}).get("strategy")
    if strategy in BID_STRATEGIES:
        told["optimizations"] = {"bidSettings": {"bidStrategy": BID_STRATEGIES[strategy]}}
    return told


STORIES: dict[str, Story] = {"POST /adsApi/v1/query/campaigns": _campaigns}
