"""Why Amazon refused a call: the row of references/refusals.json that a proxied answer names."""

import json
from typing import Any

import pytest

from gateway.proxy.refusals import Refusal, explain, explain_reason, role_for
from gateway.util.paths import REFERENCES
from tests.support.addresses import call_address
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
FAILURES = json.loads((REFERENCES / "errors.json").read_text(encoding="utf-8"))
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
    assert cause == "role_or_region"
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


@pytest.mark.parametrize(
    ("status", "body", "cause", "words"),
    [
        (401, {"details": "Not authorized to access scope 7"}, "other_profile", "ads_profiles.py --refresh"),
        (401, {"message": "Scope header is missing"}, "wrong_header", "--profile-id"),
        (401, {"code": "UNAUTHORIZED", "message": "?"}, "token_ended", "ads_refresh_token.py --profile-id "),
        (403, {"code": "403", "details": "Forbidden"}, "access_missing", "Amazon Ads console"),
        (404, {"details": "Could not find resource for full path: https://x/y"}, "unknown_path", "POST /sp/"),
        (404, {"code": "NOT_FOUND", "details": "no such campaign"}, None, ""),
        (400, {"code": "400", "details": "The request input is invalid"}, None, ""),
    ],
)
def test_refusals_of_the_ads_api(
    gateway: Gateway, amazon: Amazon, status: int, body: dict[str, str], cause: str | None, words: str
) -> None:
    """It says more than the SP-API, in another form each."""
    gateway.authorize_account()
    profile = profile_of(gateway)
    amazon.fault({"status": status, "body": body}, times=None, host=ADS_HOST)
    answer = passed_on(gateway, "/amazonAds/developerProxy", ads_call(profile))
    assert (answer["httpStatus"], answer.get("cause")) == (status, cause)
    assert words in answer.get("hint", "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"answer": "spApi.tokenExpired"}, "token_expired"),
        ({"answer": "spApi.roleMissing"}, "role_missing"),
        ({"status": 429, "body": {"errors": [{"code": "QuotaExceeded", "message": "slow"}]}}, "quota"),
        ({"answer": "spApi.wrongRegion"}, "wrong_region"),
        ({"status": 400, "body": {"errors": [{"code": "InvalidInput", "message": "bad"}]}}, None),
    ],
)
def test_each_cause_has_a_word_for_programs(
    gateway: Gateway, amazon: Amazon, answer: dict[str, Any], reason: str | None
) -> None:
    """The same in the developer proxy's document as at the addresses, where Amazon's body stays as it is."""
    amazon.fault(answer, times=None, host=SP_HOST)
    passed = call_store(gateway)
    headers = {"Authorization": gateway.keys["owner"], "X-Store": SELLER}
    # Another operation: the first one's turn is over for a while, after a 429.
    at_address = call_address(gateway, "/spapi/na/finances/v0/financialEvents", headers=headers)
    assert passed.get("reason") == at_address.headers.get("x-gateway-reason") == reason
    assert (at_address.status, at_address.body.decode()) == (passed["httpStatus"], passed["body"])


def test_a_path_of_none_of_amazon_s_and_an_application_s_ended_secret(
    gateway: Gateway, amazon: Amazon
) -> None:
    """The latter is proved, and then the gateway's own word."""
    assert call_store(gateway, path="/orders/v9/orders")["reason"] == "unknown_path"
    amazon.control("apps", {"clientId": amazon.spapi["clientId"], "secretExpired": True})
    headers = {"Authorization": gateway.keys["owner"], "X-Store": SELLER}
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=headers)
    assert (answer.status, answer.headers["x-gateway-reason"]) == (503, "suspended_app")
    assert answer.error["code"] == "ServiceUnavailable"


def test_a_request_at_the_wrong_place(gateway: Gateway, amazon: Amazon) -> None:
    """What a program that sends the token in another header gets, or asks this host for tokens."""
    for what in ("spApi.tokenMissing", "spApi.tokenRequestAtWrongHost"):
        amazon.fault({"answer": what}, host=SP_HOST)
        assert refused(gateway)[0] == "wrong_header"


def test_a_report_may_hold_data_of_buyers(gateway: Gateway, amazon: Amazon) -> None:
    """Amazon does not say whether that is it, so the hint says both."""
    amazon.fault({"answer": "spApi.roleMissing"}, host=SP_HOST)
    cause, hint = refused(gateway, path="/reports/2021-06-30/documents/amzn1.x")
    assert cause == "restricted_data"
    assert hint.startswith("If the report holds data of buyers")
    assert "else the application lacks the role" in hint


def test_every_row_is_one_that_a_refusal_can_get() -> None:
    """Each condition is known, each hint can be filled in, and a page row says who says what."""
    table = json.loads((REFERENCES / "refusals.json").read_text(encoding="utf-8"))
    for row in table["causes"]:
        refusal = Refusal(row["from"], 0, b"", "GET", "/orders/v0/orders", "", "NA")
        told = (
            explain_reason(row["reason"], refusal)
            if row["from"] == "gateway"
            else explain(refusal, row["cause"])
        )
        assert told is not None, row
        assert "{" not in told.hint
        assert told.code in {failure["code"] for failure in FAILURES}
        assert row.get("page", True) == ("told" in row) == ("meaning" in row)


def test_every_family_of_the_sp_api_s_calls_is_one_that_amazon_publishes() -> None:
    """A role is told for paths that there are; `/authorization` is of the past."""
    published = {
        row["path"] for row in json.loads((REFERENCES / "spapi-operations.json").read_text(encoding="utf-8"))
    }
    table = json.loads((REFERENCES / "refusals.json").read_text(encoding="utf-8"))
    for prefix in {path for family in table["families"] for path in family["paths"]} - {"/authorization"}:
        assert any(path.startswith(f"{prefix}/") for path in published), prefix
    assert role_for("/products/fees/v0/feesEstimate") == "Pricing, or Product Listing"
    assert role_for("orders/v0/orders/") == role_for("/orders/v0/orders")
    assert "role-mappings" in role_for("/ordersome/v0")


def test_a_refusal_that_is_no_json_is_explained_by_nothing(gateway: Gateway, amazon: Amazon) -> None:
    """A page of some server in between is no word of Amazon's about a role."""
    amazon.fault({"status": 403, "body": "<html>Forbidden</html>"}, host=SP_HOST)
    answer = call_store(gateway)
    assert answer["httpStatus"] == 403
    assert "cause" not in answer
