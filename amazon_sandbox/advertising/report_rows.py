"""What a report holds: a row for each entity of the finest grouping, and for each day where it is daily."""

import re
from datetime import date, timedelta
from typing import Any

from amazon_sandbox.advertising import account
from amazon_sandbox.advertising.account import Entity
from amazon_sandbox.marketplaces import site_for_ads
from amazon_sandbox.records import Profile

# What a row with the weight 1 has of each metric, whatever the time of its attribution.
METRICS: dict[str, float] = {
    "impressions": 900, "clicks": 40, "purchases": 3, "unitsSold": 4,
    "cost": 12.5, "spend": 12.5, "sales": 80.25, "attributedSales": 80.25,
}  # fmt: skip
METRIC = re.compile(f"({'|'.join(METRICS)})(SameSku|Clicks)*([0-9]+d)?")


def rows(profile: Profile, first: date, last: date, configuration: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a report, each with the columns that were asked for.

    A column that is neither a metric nor known of the entity is None.
    """
    columns, filters = configuration["columns"], configuration.get("filters") or []
    entities = [
        entity
        for entity in _entities(profile, configuration["groupBy"])
        if all(each["field"] not in entity or entity[each["field"]] in each["values"] for each in filters)
    ]
    daily = configuration["timeUnit"] == "DAILY"
    days = [first + timedelta(number) for number in range((last - first).days + 1)] if daily else [first]
    found = []
    for day in days:
        when = {"date": day.isoformat()} if daily else {"startDate": str(first), "endDate": str(last)}
        for weight, entity in enumerate(entities):
            facts = {**entity, **when}
            found.append({name: facts.get(name, _metric(name, weight % 7)) for name in columns})
    return found


def _metric(column: str, weight: int) -> float | None:
    known = METRIC.fullmatch(column)
    return METRICS[known.group(1)] * weight if known else None


def _entities(profile: Profile, groups: list[str]) -> list[Entity]:
    """Return what the rows are about, with what is told of each."""
    site = site_for_ads(profile.country_code)
    campaigns = {
        each["campaignId"]: {
            "campaignId": int(each["campaignId"]),
            "campaignName": each["name"],
            "campaignStatus": each["state"],
            "campaignBudgetAmount": each["budget"]["budget"],
            "campaignBudgetType": each["budget"]["budgetType"],
            "campaignBudgetCurrencyCode": site["currency"] if site else None,
        }
        for each in account.campaigns(profile)
    }
    ad_groups = {
        each["adGroupId"]: {
            **campaigns[each["campaignId"]],
            "adGroupId": int(each["adGroupId"]),
            "adGroupName": each["name"],
            "adStatus": each["state"],
        }
        for each in account.ad_groups(profile)
    }
    if {"targeting", "searchTerm"} & set(groups):
        return [
            {
                **ad_groups[each["adGroupId"]],
                "keywordId": int(each["keywordId"]),
                "keyword": each["keywordText"],
                "targeting": each["keywordText"],
                "searchTerm": each["keywordText"],
                "keywordType": each["matchType"],
                "matchType": each["matchType"],
                "keywordBid": each["bid"],
                "adKeywordStatus": each["state"],
            }
            for each in account.keywords(profile)
        ]
    if "advertiser" in groups:
        return [
            {
                **ad_groups[each["adGroupId"]],
                "adId": int(each["adId"]),
                "advertisedAsin": each["asin"],
                "advertisedSku": each["sku"],
            }
            for each in account.product_ads(profile)
        ]
    return list((ad_groups if "adGroup" in groups else campaigns).values())
