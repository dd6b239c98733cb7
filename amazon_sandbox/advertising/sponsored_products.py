"""Sponsored Products, version 3: a profile's campaigns and what is in them, in pages, and new campaigns.

https://advertising.amazon.com/API/docs/en-us/sponsored-products/3-0/openapi/prod
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from amazon_sandbox.advertising import account, lists
from amazon_sandbox.advertising.account import MATCH_TYPES, NEGATIVE_MATCH_TYPES, STATES, Entity
from amazon_sandbox.advertising.call import Call, Story
from amazon_sandbox.advertising.filters import Filter, among, exactly, listed, worded
from amazon_sandbox.clock import timestamp
from amazon_sandbox.http_messages import Answer, compressed
from amazon_sandbox.records import Profile

LARGEST_PAGE = 100
MOST_NEW = 1000
NEEDED = ("name", "state", "targetingType", "budget.budget", "budget.budgetType")
TARGETING = ("AUTO", "MANUAL")


@dataclass(frozen=True)
class Listing:
    """One kind of entity: what its list is called in the answer, what is in it, and its own filters."""

    name: str
    entities: Callable[[Profile], list[Entity]]
    filters: dict[str, Filter]


def _campaigns_targeting(group: Entity) -> str:
    return account.targeting_of(group["campaignId"])


_OF_ALL: dict[str, Filter] = {"campaignIdFilter": among("campaignId"), "stateFilter": among("state", STATES)}
_OF_GROUPS: dict[str, Filter] = {"adGroupIdFilter": among("adGroupId")}
_LISTINGS = {
    "campaigns": Listing(
        "campaigns",
        account.campaigns,
        {"nameFilter": worded("name"), "portfolioIdFilter": among("portfolioId")},
    ),
    "adGroups": Listing(
        "adGroups",
        account.ad_groups,
        {
            **_OF_GROUPS,
            "nameFilter": worded("name"),
            "campaignTargetingTypeFilter": exactly(_campaigns_targeting, TARGETING),
        },
    ),
    "keywords": Listing(
        "keywords",
        account.keywords,
        {
            **_OF_GROUPS,
            "keywordIdFilter": among("keywordId"),
            "keywordTextFilter": worded("keywordText"),
            "matchTypeFilter": listed("matchType", MATCH_TYPES),
        },
    ),
    "negativeKeywords": Listing(
        "negativeKeywords",
        account.negative_keywords,
        {
            **_OF_GROUPS,
            "negativeKeywordIdFilter": among("keywordId"),
            "keywordTextFilter": worded("keywordText"),
            "negativeKeywordTextFilter": worded("keywordText"),
            "matchTypeFilter": listed("matchType", NEGATIVE_MATCH_TYPES),
        },
    ),
    "productAds": Listing("productAds", account.product_ads, {**_OF_GROUPS, "adIdFilter": among("adId")}),
    "targets": Listing(
        "targetingClauses",
        account.targeting_clauses,
        {
            **_OF_GROUPS,
            "targetIdFilter": among("targetId"),
            "expressionTypeFilter": among("expressionType", TARGETING),
        },
    ),
}


def _list(kind: str, call: Call) -> Answer:
    profile = call.profile()
    call.check_accept()
    listing = _LISTINGS[kind]
    found = (
        account.all_campaigns(profile, call.world.business)
        if kind == "campaigns"
        else listing.entities(profile)
    )
    page, total, token = lists.page(call, kind, found, {**_OF_ALL, **listing.filters}, LARGEST_PAGE)
    document: dict[str, Any] = {listing.name: page, "totalResults": total}
    if token:
        document["nextToken"] = token
    return compressed(call.operation.answer("ok", document), call.request)


def _create(call: Call) -> Answer:
    profile = call.profile()
    call.check_accept()
    campaigns = call.body().get("campaigns")
    if not isinstance(campaigns, list) or not all(isinstance(each, dict) for each in campaigns):
        raise call.invalid("campaigns is not a list of campaigns.")
    if len(campaigns) > MOST_NEW:
        raise call.invalid(f"campaigns holds more than {MOST_NEW}.")
    today = timestamp(call.world.clock.now())[:10]
    made, failed, new = [], [], []
    for index, campaign in enumerate(campaigns):
        missing = [_missing(index, name) for name in _missing_fields(campaign)]
        if missing:
            failed.append({"index": index, "errors": missing})
            continue
        number = str(10**14 + secrets.randbelow(10**14))
        made.append({"index": index, "campaignId": number})
        new.append({"startDate": today, **campaign, "campaignId": number})
    kept = call.world.business.campaigns
    kept[profile.profile_id] = kept.get(profile.profile_id, []) + new
    return call.operation.answer("multiStatus", {"campaigns": {"success": made, "error": failed}})


def _missing_fields(campaign: Entity) -> list[str]:
    """Return the fields that Amazon requires and that are not there; of a missing object only itself."""
    missing: list[str] = []
    for path in NEEDED:
        name, _, inner = path.partition(".")
        value = campaign.get(name)
        if value is None:
            missing += [name] if name not in missing else []
        elif inner and (not isinstance(value, dict) or value.get(inner) is None):
            missing.append(path)
    return missing


def _missing(index: int, name: str) -> dict[str, Any]:
    error = {
        "reason": "MISSING_VALUE",
        "message": f"{name} is missing.",
        "cause": {"location": f"$.campaigns[{index}].{name}"},
    }
    return {"errorType": "missingValueError", "errorValue": {"missingValueError": error}}


STORIES: dict[str, Story] = {
    **{f"POST /sp/{kind}/list": partial(_list, kind) for kind in _LISTINGS},
    "POST /sp/campaigns": _create,
}
