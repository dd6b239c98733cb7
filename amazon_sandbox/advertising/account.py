"""What every profile advertises: 25 campaigns of two ad groups each, and what those hold.

Campaigns with an even number find their customers by themselves (AUTO). Of the others the first ad group goes
by keywords, the second by products. Ids are made from the profile's number, so they are always the same.
"""

from collections.abc import Iterator
from typing import Any

from amazon_sandbox.business import Business
from amazon_sandbox.goods import GOODS
from amazon_sandbox.records import Profile

Entity = dict[str, Any]

CAMPAIGNS = 25
GROUPS = 2  # in each campaign
ADS = 2  # in each ad group
STATES = ("ENABLED", "PAUSED", "ARCHIVED")
MATCH_TYPES = ("BROAD", "PHRASE", "EXACT")
NEGATIVE_MATCH_TYPES = ("NEGATIVE_EXACT", "NEGATIVE_PHRASE", "NEGATIVE_BROAD")
WORDS = ("sandkasten", "儿童沙盘", "bac à sable")
AUTOMATIC = (
    "QUERY_HIGH_REL_MATCHES", "QUERY_BROAD_REL_MATCHES", "ASIN_SUBSTITUTE_RELATED", "ASIN_ACCESSORY_RELATED",
)  # fmt: skip


def targeting_of(campaign_id: str) -> str:
    """Return how a campaign finds its customers: AUTO or MANUAL."""
    return "MANUAL" if int(campaign_id) % 2 else "AUTO"


def campaigns(profile: Profile) -> list[Entity]:
    """Return the campaigns of a profile."""
    first = profile.profile_id % 10**9 * 1000
    return [
        {
            "campaignId": str(first + number),
            "name": f"Sandbox campaign {number + 1} ({profile.country_code}) ☕",
            "state": STATES[0] if number % 5 else STATES[1],
            "targetingType": targeting_of(str(first + number)),
            "startDate": "2026-01-01",
            "budget": {"budgetType": "DAILY", "budget": 10.0 + number},
            "dynamicBidding": {"strategy": "LEGACY_FOR_SALES", "placementBidding": []},
        }
        for number in range(CAMPAIGNS)
    ]


def all_campaigns(profile: Profile, business: Business) -> list[Entity]:
    """Return the campaigns of a profile, and after them those that callers have made."""
    return campaigns(profile) + business.campaigns.get(profile.profile_id, [])


def ad_groups(profile: Profile) -> list[Entity]:
    """Return the ad groups of a profile."""
    return [
        {
            "adGroupId": f"{campaign['campaignId']}{number}",
            "campaignId": campaign["campaignId"],
            "name": f"Sandbox ad group {number}",
            "state": campaign["state"],
            "defaultBid": 0.5 + number / 10,
        }
        for campaign in campaigns(profile)
        for number in range(1, GROUPS + 1)
    ]


def keywords(profile: Profile) -> list[Entity]:
    """Return the keywords of a profile's ad groups."""
    return [
        {
            "keywordId": f"{group['adGroupId']}1{number}",
            **_place(group),
            "keywordText": WORDS[number],
            "matchType": MATCH_TYPES[number],
            "bid": 0.75 + number / 10,
        }
        for kind, group in _groups(profile)
        if kind == "keywords"
        for number in range(len(MATCH_TYPES))
    ]


def negative_keywords(profile: Profile) -> list[Entity]:
    """Return the keywords for which the ad groups are not shown."""
    return [
        {
            "keywordId": f"{group['adGroupId']}2{number}",
            **_place(group),
            "keywordText": f"{WORDS[number]} used",
            "matchType": NEGATIVE_MATCH_TYPES[number],
        }
        for kind, group in _groups(profile)
        if kind != "products"
        for number in range(2)
    ]


def targeting_clauses(profile: Profile) -> list[Entity]:
    """Return what the ad groups are shown beside: an article, or what Amazon finds by itself."""
    found: list[Entity] = []
    for position, (kind, group) in enumerate(_groups(profile)):
        expressions: dict[str, list[Entity]] = {
            "automatic": [{"type": each} for each in AUTOMATIC],
            "products": [{"type": "ASIN_SAME_AS", "value": GOODS[-1 - position].asin}],
        }
        found += [
            {
                "targetId": f"{group['adGroupId']}3{number}",
                **_place(group),
                "expression": [expression],
                "resolvedExpression": [expression],
                "expressionType": "AUTO" if kind == "automatic" else "MANUAL",
                "bid": 0.6,
            }
            for number, expression in enumerate(expressions.get(kind, []))
        ]
    return found


def product_ads(profile: Profile) -> list[Entity]:
    """Return the ads, each for one of the articles that every store sells."""
    return [
        {
            "adId": f"{group['adGroupId']}4{number}",
            **_place(group),
            "asin": good.asin,
            "sku": good.sku,
        }
        for position, (_, group) in enumerate(_groups(profile))
        for number, good in enumerate(GOODS[position * ADS : (position + 1) * ADS])
    ]


def _groups(profile: Profile) -> Iterator[tuple[str, Entity]]:
    """Yield each ad group with how it finds customers: `automatic`, `keywords` or `products`."""
    for position, group in enumerate(ad_groups(profile)):
        if targeting_of(group["campaignId"]) == "AUTO":
            yield "automatic", group
        else:
            yield ("products" if position % GROUPS else "keywords"), group


def _place(group: Entity) -> Entity:
    return {name: group[name] for name in ("adGroupId", "campaignId", "state")}
