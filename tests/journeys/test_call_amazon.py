"""Calls of Amazon's APIs without a token, through real processes: what comes back, and why Amazon refuses."""

import json
import stat
from typing import Any

import pytest
from linkfox_client.local.sandbox_browser import give_consent

from tests.support.house import House

SELLER = "A1SANDBOXNA001"
STORE = ("--seller-id", SELLER, "--region", "NA")
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
US = "ATVPDKIKX0DER"
SINCE = "CreatedAfter=2020-01-01T00:00:00Z"
ORDERS = ("GET", "/orders/v0/orders", *STORE, "--query", f"MarketplaceIds={US}", SINCE)


@pytest.fixture(scope="module")
def store(house: House) -> dict[str, Any]:
    """One store that the tests of this module share."""
    return house.authorize(SELLER, "北风 Nordwind")


@pytest.fixture(scope="module")
def profile(house: House) -> dict[str, Any]:
    """The American profile of one ads account."""
    link = house.post("/amazonAds/authorizeUrl", {"accountName": "Brand", "region": "NA"})
    give_consent(link["authorizeUrl"], {})
    house.ended(link["authorizationId"], "/amazonAds")
    return house.good("ads_resolve_profile.py", "--site", "US")


def refused(house: House, *words: str) -> dict[str, Any]:
    """Call for the store, and return the document of the refusal."""
    done = house.script("call_amazon.py", *words, *STORE)
    assert (done.code, done.document["httpStatus"]) == (6, 403), done.stdout
    return done.document


def test_a_get_answers_amazon_s_own_document_and_no_token(house: House, store: dict[str, Any]) -> None:
    """Parsed, with what Amazon says beside it; by ids and by the name of the store."""
    done = house.script("call_amazon.py", "GET", PARTICIPATIONS, *STORE)
    document = done.good()
    assert (document["httpStatus"], document["contentType"]) == (200, "application/json")
    assert document["rateLimit"] == 0.016
    assert document["requestId"]
    assert document["sandbox"] is True
    assert {each["marketplace"]["countryCode"] for each in document["body"]["payload"]} >= {"US", "CA"}
    assert "Atza" not in done.stdout + done.stderr
    named = house.good("call_amazon.py", "get", PARTICIPATIONS.lstrip("/"), "--store", "北风 Nordwind")
    assert named["body"] == document["body"]


def test_parameters_arrive_as_they_were_given(house: House, store: dict[str, Any]) -> None:
    """Times, equals signs and pages; in JSON a list becomes one with commas."""
    words = (*ORDERS, "MaxResultsPerPage=2")
    first = house.good("call_amazon.py", *words)["body"]["payload"]
    second = house.good("call_amazon.py", *words, f"NextToken={first['NextToken']}")["body"]["payload"]
    assert {each["AmazonOrderId"] for each in first["Orders"]}.isdisjoint(
        each["AmazonOrderId"] for each in second["Orders"]
    )
    query = {
        "MarketplaceIds": [US, "A2EUQ1WTGCTBG2"],
        "CreatedAfter": "2020-01-01T00:00:00Z",
        "MaxResultsPerPage": 2,
    }
    asked = {"sellerId": SELLER, "region": "NA", "method": "GET", "path": "/orders/v0/orders", "query": query}
    both = house.good("call_amazon.py", json.dumps(asked))
    assert len(both["body"]["payload"]["Orders"]) == 2


def test_what_may_change_something_wants_to_be_meant(house: House, store: dict[str, Any]) -> None:
    """A POST that Amazon says only reads goes without --write; another does not, and is not sent."""
    body = house.home / "body.json"
    body.write_text(json.dumps({"reportType": "GET_REPORT", "marketplaceIds": [US]}), encoding="utf-8")
    report = ("POST", "/reports/2021-06-30/reports", *STORE, "--body-file", str(body))
    assert house.good("call_amazon.py", *report)["httpStatus"] == 202
    body.write_text('{"contentType": "text/xml; charset=UTF-8"}', encoding="utf-8")
    subscribe = ("POST", "/feeds/2021-06-30/documents", *STORE, "--body-file", str(body))
    missing = house.script("call_amazon.py", *subscribe)
    assert (missing.code, missing.error["code"]) == (2, "bad_arguments")
    assert "Ask the user" in missing.error["hint"]
    assert house.good("call_amazon.py", *subscribe, "--write")["httpStatus"] == 201


def test_a_long_answer_is_cut_and_whole_in_a_private_file(house: House, store: dict[str, Any]) -> None:
    """No document above 20,000 characters; the file holds Amazon's bytes and is never overwritten."""
    words = (*ORDERS, "MaxResultsPerPage=100")
    done = house.script("call_amazon.py", *words)
    cut = done.good()
    assert len(done.stdout) <= 20_001
    shown = cut["body"]["payload"]["Orders"]
    assert f"Of the list payload.Orders the first {len(shown)} of " in cut["notes"][0]
    assert "--output-file" in cut["notes"][0]
    path = house.home / "orders.json"
    told = house.good("call_amazon.py", *words, "--output-file", str(path))
    assert (told["outputFile"], told["bytes"]) == (str(path), path.stat().st_size)
    assert told["bytes"] == cut["bodyCharacters"] > len(json.dumps(cut["body"])) > 10_000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    orders = json.loads(path.read_text(encoding="utf-8"))["payload"]["Orders"]
    assert orders[: len(shown)] == shown != orders
    again = house.script("call_amazon.py", *words, "--output-file", str(path))
    assert (again.code, "there already" in again.error["message"]) == (2, True)


def test_each_refusal_names_its_cause_and_what_to_do(house: House, store: dict[str, Any]) -> None:
    """Amazon says the same in all of them."""
    unknown = refused(house, "GET", "/orders/v7/orders")
    assert unknown["cause"] == "unknown_path"
    assert unknown["error"]["message"].startswith("Amazon answered 403 to GET /orders/v7/orders: ")
    personal = refused(house, "GET", "/orders/v0/orders/902-0000001-0000001/address")
    assert personal["cause"] == "restricted_data"
    assert "GET /orders/2026-01-01/orders/ORDER_ID" in personal["error"]["hint"]
    elsewhere = refused(house, "GET", "/orders/v0/orders", "--query", "MarketplaceIds=A1PA6795UKMFR9", SINCE)
    assert elsewhere["cause"] == "wrong_region"
    assert elsewhere["error"]["hint"].startswith("A1PA6795UKMFR9 (DE) is a site of EU")
    assert elsewhere["sandbox"] is True


def test_a_path_that_the_gateway_does_not_pass_on(house: House, store: dict[str, Any]) -> None:
    """It is the gateway that refuses, and nothing was sent to Amazon."""
    done = house.script("call_amazon.py", "GET", "/tokens/2021-03-01/x", *STORE)
    assert (done.code, done.document["cause"]) == (2, "path_not_allowed")
    assert "PROXY_SPAPI_PREFIXES" in done.error["hint"]


def test_an_ads_list_goes_without_write_and_in_the_right_media_type(
    house: House, profile: dict[str, Any]
) -> None:
    """A POST that lists reads; its media type is the one that Amazon publishes; ids keep all their digits."""
    body = house.home / "filter.json"
    body.write_text("{}", encoding="utf-8")
    number = str(profile["profileId"])
    words = ("POST", "/sp/campaigns/list", "--body-file", str(body))
    listed = house.good("call_amazon.py", *words, "--profile-id", number)
    assert listed["contentType"].startswith("application/vnd.spCampaign.v3+json")
    assert listed["body"]["campaigns"]
    assert (
        house.good("call_amazon.py", *words, "--account", "Brand", "--site", "US")["body"] == listed["body"]
    )
    create = ("POST", "/sp/campaigns", "--body-file", str(body), "--profile-id", number)
    assert "--write" in house.script("call_amazon.py", *create).error["message"]
    refused = house.script("call_amazon.py", *create, "--write")
    assert (refused.code, refused.document["cause"]) == (2, "path_not_allowed")
    assert "PROXY_ADS_WRITES" in refused.error["hint"]
