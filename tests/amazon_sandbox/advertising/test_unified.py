"""The Ads API version 1: the campaigns of all ad products at one address."""

from typing import Any

import pytest

from tests.support.advertiser import Advertiser

QUERY, LIST, CREATE = "POST /adsApi/v1/query/campaigns", "POST /sp/campaigns/list", "POST /sp/campaigns"
PRODUCTS = {"adProductFilter": {"include": ["SPONSORED_PRODUCTS"]}}
# What Amazon's description requires of a campaign.
REQUIRED = {
    "adProduct", "autoCreationSettings", "budgets", "campaignId", "creationDateTime", "lastUpdatedDateTime",
    "marketplaceScope", "name", "startDateTime", "state",
}  # fmt: skip
NEW = {
    "name": "Neue Kampagne ☕",
    "state": "PAUSED",
    "targetingType": "AUTO",
    "budget": {"budgetType": "DAILY", "budget": 5.0},
}


def queried(advertiser: Advertiser, **more: Any) -> dict[str, Any]:
    """Ask for campaigns of Sponsored Products; return the answer's document."""
    answer = advertiser.call(QUERY, {**PRODUCTS, **more})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    for each in document["campaigns"]:
        assert set(each) >= REQUIRED
    return document


def test_campaigns_are_those_of_version_3(advertiser: Advertiser) -> None:
    """Also one that was made there; with its budget in the form of version 1."""
    assert advertiser.call(CREATE, {"campaigns": [NEW]}).status_code == 207
    found = queried(advertiser)["campaigns"]
    assert [each["campaignId"] for each in found] == [
        each["campaignId"] for each in advertiser.listed("campaigns")
    ]
    assert found[-1]["name"] == NEW["name"]
    (budget,) = found[-1]["budgets"]
    assert budget["budgetValue"]["monetaryBudgetValue"]["monetaryBudget"] == {
        "currencyCode": "USD",
        "value": 5.0,
    }


def test_campaigns_are_filtered_and_come_in_pages(advertiser: Advertiser) -> None:
    """The token leads on, and is none of version 3's lists."""
    enabled = {"stateFilter": {"include": ["ENABLED"]}, "maxResults": 15}
    page = queried(advertiser, **enabled)
    rest = queried(advertiser, **enabled, nextToken=page["nextToken"])
    assert [len(page["campaigns"]), len(rest["campaigns"])] == [15, 5]
    assert {each["state"] for each in page["campaigns"] + rest["campaigns"]} == {"ENABLED"}
    assert "nextToken" not in rest
    assert advertiser.call(LIST, {"nextToken": page["nextToken"]}).status_code == 400


def test_other_products_have_no_campaigns(advertiser: Advertiser) -> None:
    """The stand-in's advertisers have none of Sponsored Brands."""
    answer = advertiser.call(QUERY, {"adProductFilter": {"include": ["SPONSORED_BRANDS"]}})
    assert answer.json() == {"campaigns": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"adProductFilter": {"include": []}},
        {"adProductFilter": {"include": ["SPONSORED_POSTS"]}},
        {"adProductFilter": ["SPONSORED_PRODUCTS"]},
        {**PRODUCTS, "maxResults": 1001},
        {**PRODUCTS, "stateFilter": {"include": ["LOST"]}},
    ],
)
def test_the_body_is_looked_at(advertiser: Advertiser, body: Any) -> None:
    """The product is required, and known."""
    assert advertiser.call(QUERY, body).status_code == 400
