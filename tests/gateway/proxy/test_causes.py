"""Why Amazon refused a call: the row of references/refusals.json that a proxied answer names."""

import json
from typing import Any

import pytest

from tests.support.calling import (
    PARTICIPATIONS,
    SELLER,
    SP_HOST,
    ads_call,
    call_store,
    passed_on,
    profile_of,
)
from tests.support.gateway_server import Amazon, Gateway

ORDERS = "/orders/v0/orders"
GERMANY = "A1PA6795UKMFR9"
US = "ATVPDKIKX0DER"
ADS_HOST = "advertising-api.amazon.com"


def refused(gateway: Gateway, **changes: Any) -> tuple[str, str]:
    """Call for the store, and return the cause and the hint that the answer has to have."""
    answer = call_store(gateway, **changes)
    assert answer["httpStatus"] == 403
    assert "\n" not in answer["hint"]
    return answer["cause"], answer["hint"]


@pytest.fixture(autouse=True)
def store(gateway: Gateway) -> None:
    """A store of the owner's, for which Amazon answered: it is verified."""
    gateway.authorize_store()


def test_what_succeeds_or_fails_otherwise_has_no_cause(gateway: Gateway) -> None:
    """Nor does a call that Amazon finds malformed: its own words say what is wrong."""
    assert "cause" not in call_store(gateway)
    malformed = call_store(gateway, path=ORDERS)
    assert malformed["httpStatus"] == 400
    assert not {"cause", "hint"} & malformed.keys()


def test_a_path_that_amazon_does_not_publish_is_no_missing_role(gateway: Gateway) -> None:
    """Amazon answers both alike; the list of its operations tells them apart."""
    cause, hint = refused(gateway, path="/orders/v9/orders")
    assert cause == "unknown_path"
    assert "GET /orders/v9/orders" in hint
    cause, _ = refused(gateway, path=ORDERS, method="DELETE")
    assert cause == "unknown_path"


def test_a_site_of_another_region_is_named(gateway: Gateway) -> None:
    """With where it is, and what was called."""
    query = f"MarketplaceIds={US}%2C{GERMANY}&CreatedAfter=2026-01-01T00%3A00%3A00Z"
    cause, hint = refused(gateway, path=ORDERS, queryString=query)
    assert cause == "wrong_region"
    assert hint.startswith(f"{GERMANY} (DE) is a site of EU, and the store that was called is one of NA: ")


def test_a_site_that_only_the_body_names(gateway: Gateway, amazon: Amazon) -> None:
    """Amazon's own words say it; the hint says where ids stand."""
    amazon.fault({"answer": "spApi.wrongRegion"}, host=SP_HOST)
    cause, hint = refused(gateway)
    assert cause == "wrong_region"
    assert "a marketplace of NA" in hint


@pytest.mark.parametrize("what", ["address", "buyerInfo", "orderItems/buyerInfo"])
def test_data_of_buyers_want_another_token(gateway: Gateway, what: str) -> None:
    """The hint names the call that does without one."""
    answer = call_store(
        gateway, path=ORDERS, queryString=f"MarketplaceIds={US}&CreatedAfter=2020-01-01T00%3A00%3A00Z"
    )
    order = json.loads(answer["body"])["payload"]["Orders"][0]["AmazonOrderId"]
    cause, hint = refused(gateway, path=f"{ORDERS}/{order}/{what}")
    assert cause == "restricted_data"
    assert "GET /orders/2026-01-01/orders/ORDER_ID with includedData=BUYER,RECIPIENT" in hint
    instead = call_store(
        gateway, path=f"/orders/2026-01-01/orders/{order}", queryString="includedData=BUYER%2CRECIPIENT"
    )
    assert instead["httpStatus"] == 200


def test_an_operation_of_the_application_s_own(gateway: Gateway) -> None:
    """No store's token fits it."""
    assert refused(gateway, path="/notifications/v1/destinations")[0] == "application_token"


def test_a_missing_role_names_the_role_and_how_to_authorize_again(gateway: Gateway, amazon: Amazon) -> None:
    """Amazon once answered for this store, so neither token nor region are the cause."""
    amazon.fault({"answer": "spApi.roleMissing"}, host=SP_HOST)
    cause, hint = refused(gateway, path="/finances/v0/financialEvents")
    assert cause == "role_missing"
    assert "for /finances/v0/financialEvents: Finance and Accounting." in hint
    assert hint.endswith(
        f"`python3 scripts/authorize_url.py --seller-name 'Store {SELLER}' --seller-id {SELLER} --region NA`."
    )


def test_without_a_check_that_went_well_the_region_may_be_wrong_too(gateway: Gateway, amazon: Amazon) -> None:
    """The likelier cause comes first."""
    amazon.control("apps", {"clientId": amazon.spapi["clientId"], "sellersRole": False})
    gateway.authorize_store()
    cause, hint = refused(gateway, path=PARTICIPATIONS)
    assert cause == "role_missing"
    assert hint.startswith("Most likely the application lacks a role for /sellers/v1/marketplace")
    assert "Selling Partner Insights" in hint
    assert "another region than NA" in hint


@pytest.mark.parametrize("what", ["spApi.tokenExpired", "spApi.tokenRevoked"])
def test_a_token_that_stays_refused(gateway: Gateway, amazon: Amazon, what: str) -> None:
    """The hint names the two commands with the store filled in."""
    amazon.fault({"answer": what}, times=None, host=SP_HOST)
    cause, hint = refused(gateway)
    assert cause == "token_ended"
    assert f"`python3 scripts/refresh_token.py --seller-id {SELLER} --region NA`" in hint


def test_a_profile_out_of_reach(gateway: Gateway, amazon: Amazon) -> None:
    """Ads say so with a 401, which is no fault of the token's."""
    gateway.authorize_account()
    profile = profile_of(gateway)
    body = {"code": "401", "details": f"Not authorized to access scope {profile}", "requestId": "R"}
    amazon.fault({"status": 401, "body": body}, host=ADS_HOST)
    answer = passed_on(gateway, "/amazonAds/developerProxy", ads_call(profile))
    assert (answer["httpStatus"], answer["cause"]) == (401, "other_profile")
    assert "ads_profiles.py --refresh" in answer["hint"]


def test_a_refusal_that_is_no_json_is_explained_by_nothing(gateway: Gateway, amazon: Amazon) -> None:
    """A page of some server in between is no word of Amazon's about a role."""
    amazon.fault({"status": 403, "body": "<html>Forbidden</html>"}, host=SP_HOST)
    answer = call_store(gateway)
    assert answer["httpStatus"] == 403
    assert "cause" not in answer
