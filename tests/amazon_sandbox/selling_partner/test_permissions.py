"""What is published is known, what has no story says so, and a token is good for what it was granted for."""

import re

import pytest

from amazon_sandbox.selling_partner import published
from amazon_sandbox.selling_partner.stories import STORIES
from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import PUBLISHED, REQUIRED, US, Store, grantless

WITHOUT_STORY = "aplusContent_2020-11-01.searchContentDocuments"
REPORT = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [US]}
SEARCH = {"createdAfter": "2026-01-01T00:00:00Z"}


def test_every_published_operation_is_found_by_its_path() -> None:
    """With any value in the place of a parameter, escaped slashes among them."""
    for row in PUBLISHED.values():
        path = re.sub(r"\{[^}]*\}", "a%2Fb", row["path"])
        found = published.find(row["method"], path)
        assert found is not None, path
        assert (found[0].api, found[0].name) == (row["api"], row["operation"])
        assert set(found[1].values()) <= {"a/b"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/orders/v0",
        "/orders/v0/orders/",
        "/orders//orders",
        "/orders/v0/orders/1/unknown",
        "/ORDERS/v0/orders",
    ],
)
def test_what_is_not_published_is_not_found(path: str) -> None:
    """Neither a beginning nor more than a path, nor an empty parameter."""
    assert published.find("GET", path) is None


def test_stories_are_of_published_operations_with_known_fields() -> None:
    """Each key names an operation, and what its answer must hold is known."""
    assert set(STORIES) <= set(PUBLISHED)
    assert set(STORIES) == set(REQUIRED)


def test_an_operation_without_a_story_says_so(store: Store) -> None:
    """501 and a sentence, so that nobody takes it for a missing role; a bad token still comes first."""
    answer = store.send(WITHOUT_STORY, marketplaceId=US)
    assert answer.status_code == 501
    (error,) = answer.json()["errors"]
    assert error["code"] == "NotImplemented"
    assert "searchContentDocuments (aplusContent_2020-11-01)" in error["message"]
    assert "no story" in error["message"]
    assert Store(store.sandbox, "Atza|rubbish").refused(WITHOUT_STORY) == (403, "Unauthorized")


@pytest.mark.parametrize(
    ("operation", "given", "missing"),
    [
        ("ordersV0.getOrders", {"CreatedAfter": "2026-01-01"}, "MarketplaceIds"),
        ("catalogItems_2022-04-01.searchCatalogItems", {"keywords": "sand"}, "marketplaceIds"),
        ("fbaInventory.getInventorySummaries", {"marketplaceIds": US}, "granularityType"),
        ("productPricingV0.getItemOffers", {"Asin": "B0SAND0001", "MarketplaceId": US}, "ItemCondition"),
        ("productPricingV0.getPricing", {"MarketplaceId": US, "ItemType": ","}, "ItemType"),
    ],
)
def test_required_parameters_are_asked_for(
    store: Store, operation: str, given: dict[str, str], missing: str
) -> None:
    """By their published names, as 400 InvalidInput."""
    answer = store.send(operation, **given)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["code"], error["message"]) == ("InvalidInput", f"{missing} is missing.")


def test_usage_plans_are_the_published_ones(store: Store) -> None:
    """The burst of an operation, then 429; the rate stands on answers."""
    operation = "reports_2021-06-30.getReports"
    plan = PUBLISHED[operation]
    for _ in range(plan["burst"]):
        answer = store.send(operation, reportTypes=REPORT["reportType"])
        assert (answer.status_code, answer.headers["x-amzn-RateLimit-Limit"]) == (200, str(plan["rate"]))
    assert store.refused(operation, reportTypes=REPORT["reportType"]) == (429, "QuotaExceeded")
    store.sandbox.control("clock", {"advance": 1 / plan["rate"]})
    store.get(operation, reportTypes=REPORT["reportType"])


def test_a_scope_that_was_not_granted_is_missing(sandbox: SandboxProcess) -> None:
    """A consent with scopes covers their families, and what never had a scope; one without covers all."""
    whose = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
    scopes = ["sellingpartnerapi::orders"]
    narrow = Store(sandbox, sandbox.grant(**whose, scopes=scopes)["accessToken"])
    narrow.get("orders_2026-01-01.searchOrders", **SEARCH)
    narrow.get("sellers.getMarketplaceParticipations")
    answer = narrow.send("reports_2021-06-30.createReport", REPORT)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["details"] == ""
    assert narrow.refused("notifications.getSubscription", notificationType="ORDER_CHANGE") == (
        403,
        "Unauthorized",
    )
    none = Store(sandbox, sandbox.grant(**whose, scopes=[])["accessToken"])
    assert none.refused("orders_2026-01-01.searchOrders", **SEARCH) == (403, "Unauthorized")
    Store(sandbox).get("reports_2021-06-30.createReport", REPORT)


def test_a_token_of_the_application_s_own_fits_grantless_operations_only(sandbox: SandboxProcess) -> None:
    """A store's token does not fit those, and each scope has its own."""
    own, store = grantless(sandbox), Store(sandbox)
    assert own.get("notifications.getDestinations") == {"payload": []}
    assert store.refused("notifications.getDestinations") == (403, "Unauthorized")
    assert own.refused("sellers.getMarketplaceParticipations") == (403, "Unauthorized")
    assert own.refused("orders_2026-01-01.searchOrders", **SEARCH) == (403, "Unauthorized")
    assert own.refused("application_2023-11-30.rotateApplicationClientSecret") == (403, "Unauthorized")
    rotating = grantless(sandbox, "client_credential:rotation")
    assert rotating.refused("notifications.getDestinations") == (403, "Unauthorized")
    rotation = rotating.refused("application_2023-11-30.rotateApplicationClientSecret")
    assert rotation == (501, "NotImplemented")


def test_a_token_of_the_application_s_own_ends(sandbox: SandboxProcess) -> None:
    """After its hour, and in no region earlier."""
    token = grantless(sandbox).token
    Store(sandbox, token, "eu").get("notifications.getDestinations")
    sandbox.control("clock", {"advance": 3600})
    answer = Store(sandbox, token).send("notifications.getDestinations")
    assert answer.json()["errors"][0]["details"] == "The access token you provided has expired."
