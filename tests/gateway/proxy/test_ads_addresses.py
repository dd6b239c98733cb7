"""`/ads/{region}/…` from outside: which profile is called, and what the Ads API's clients read."""

import json

import pytest

from tests.gateway.proxy.test_targets import AROUND
from tests.support.addresses import Answered, call_address, stand_in
from tests.support.calling import CAMPAIGN, forwarded, profile_of
from tests.support.gateway_server import Amazon, Gateway

CAMPAIGNS = "/ads/na/sp/campaigns/list"
TYPES = {"Content-Type": CAMPAIGN, "Accept": CAMPAIGN}


@pytest.fixture
def profile(gateway: Gateway, amazon: Amazon) -> int:
    """The owner's American profile, and a ledger that begins after its authorization."""
    gateway.authorize_account()
    amazon.control("ledger/reset", {})
    return profile_of(gateway)


def refused(answer: Answered, status: int, reason: str, *words: str) -> None:
    """Check that an answer is a refusal of the gateway's in the shape of the Ads API's families."""
    assert (answer.status, answer.headers.get("x-gateway-reason")) == (status, reason), answer.body
    document = answer.document
    assert document["code"] == str(status)
    assert document["details"] == document["message"] == document["detail"]
    assert document["requestId"] == answer.headers["x-request-id"]
    for word in words:
        assert word in document["details"]


def test_a_call_brings_the_profile_s_campaigns(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """As python-amazon-ad-api calls: whatever it takes for the client's id is put right."""
    key, scope = gateway.keys["owner"], {"Amazon-Advertising-API-Scope": str(profile)}
    ways: dict[str, dict[str, str]] = {
        "profile": {"Authorization": f"Bearer {stand_in(gateway, profile)}"},
        "account": {"Authorization": f"Bearer {stand_in(gateway, covering=profile)}", **scope},
        "key with a header": {"Authorization": key, "X-Profile": str(profile)},
        "key with a scope": {"Authorization": f"Bearer {key}", **scope},
    }
    for way, shows in ways.items():
        amazon.control("ledger/reset", {})
        headers = {**shows, **TYPES, "Amazon-Advertising-API-ClientId": "amzn1.theirs"}
        answer = call_address(gateway, CAMPAIGNS, "POST", b"{}", headers)
        assert answer.status == 200, (way, answer.body)
        assert answer.headers["content-type"] == CAMPAIGN
        assert len(answer.document["campaigns"]) == 25
        (call,) = forwarded(amazon)
        assert (call["contentType"], call["accept"], call["scope"]) == (CAMPAIGN, CAMPAIGN, str(profile))
        assert call["clientId"] == gateway.amazon.ads["clientId"]


def test_an_account_is_called_without_a_profile(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """As the list of its profiles wants it; the new headers of accounts pass."""
    headers = {
        "Authorization": f"Bearer {stand_in(gateway, covering=profile)}",
        "Amazon-Ads-AccountID": "amzn1.ads-account.g.1",
        "Amazon-Ads-Manager-AccountID": "amzn1.ads1.ma1.1",
        "Prefer": "return=representation",
    }
    answer = call_address(gateway, "/ads/na/v2/profiles", headers=headers)
    assert answer.status == 200
    assert profile in {each["profileId"] for each in answer.document}
    (call,) = forwarded(amazon)
    assert call["scope"] is None
    assert {"amazon-ads-accountid", "amazon-ads-manager-accountid", "prefer"} <= set(call["headerNames"])


def test_a_profile_is_the_callers_and_the_tokens(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """Another profile than the token's, one that its account does not cover, and one of nobody's."""
    gateway.authorize_account("SANDBOX_PARTNERS")
    profiles = gateway.good("/amazonAds/profiles")["profiles"]
    (mine,) = {each["authRecordId"] for each in profiles if each["profileId"] == profile}
    same = next(p["profileId"] for p in profiles if p["authRecordId"] == mine and p["profileId"] != profile)
    other = next(p["profileId"] for p in profiles if p["authRecordId"] != mine)
    amazon.control("ledger/reset", {})
    for token, scope in (
        (stand_in(gateway, profile), same),
        (stand_in(gateway, covering=profile), other),
        (stand_in(gateway, covering=profile), 7),
    ):
        headers = {"Authorization": token, "Amazon-Advertising-API-Scope": str(scope), **TYPES}
        refused(call_address(gateway, CAMPAIGNS, "POST", b"{}", headers), 403, "not_allowed", "Scope")
    assert forwarded(amazon) == []


REFUSED: list[tuple[dict[str, str], int, str, str]] = [
    ({}, 401, "unauthorized", "Authorization"),
    ({"Authorization": "Bearer lfxp_forged"}, 401, "stand_in_ended", "has expired"),
    ({"Authorization": "Bearer nobodys"}, 401, "unauthorized", "API key"),
    ({"Authorization": "Bearer Atza|x"}, 401, "unauthorized", "does not tell who calls"),
    ({"Authorization": "KEY"}, 400, "bad_parameter", "X-Profile"),
    ({"Authorization": "KEY", "X-Profile": "seven"}, 400, "bad_parameter", "X-Profile"),
    ({"Authorization": "KEY", "X-Profile": "7"}, 404, "not_found", ""),
    (
        {"Authorization": "KEY", "X-Profile": "7", "Amazon-Advertising-API-Scope": "8"},
        400,
        "bad_parameter",
        "another profile",
    ),
    ({"Authorization": "STORE"}, 400, "bad_parameter", "the SP-API"),
]


def test_who_does_not_show_one_good_token_is_told_why(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """In words, in the shape that the Ads API's clients read, and Amazon hears nothing of it."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})
    known = {"KEY": gateway.keys["owner"], "STORE": stand_in(gateway, seller_id="A1SANDBOXNA001")}
    for shows, status, reason, word in REFUSED:
        headers = {name: known.get(value, value) for name, value in shows.items()} | TYPES
        refused(call_address(gateway, CAMPAIGNS, "POST", b"{}", headers), status, reason, word)
    assert forwarded(amazon) == []


def test_another_region_s_address_is_named_where_the_profile_is(
    gateway: Gateway, amazon: Amazon, profile: int
) -> None:
    """By a stand-in token, by a key, and beside a token of Amazon's."""
    tokens = gateway.good("/amazonAds/storeTokens", {"profileId": profile})
    key = {"Authorization": gateway.keys["owner"], "X-Profile": str(profile)}
    for shows in (
        {"Authorization": stand_in(gateway, profile)},
        key,
        {**key, "x-amz-access-token": tokens["accessToken"]},
    ):
        answer = call_address(gateway, CAMPAIGNS.replace("/na/", "/eu/"), "POST", b"{}", shows | TYPES)
        refused(answer, 400, "bad_parameter", "/ads/na")
    assert forwarded(amazon) == []


def test_only_what_reads_is_passed_on(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """Unless the owner lets it change ads; and no path leads around the list."""
    headers = {"Authorization": stand_in(gateway, profile), **TYPES}
    refused(
        call_address(gateway, "/ads/na/sp/campaigns", "POST", b"{}", headers), 403, "not_allowed", "reads"
    )
    for path in AROUND:
        if path.isascii() and not set(path) & set(" \\"):
            path = path.replace("/orders", "/sp").replace("/v0", "/campaigns")
            answer = call_address(gateway, f"/ads/na{path}", headers=headers)
            refused(answer, 403, "not_allowed")
    assert forwarded(amazon) == []


def test_a_revoked_account_is_told_with_the_way_out(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """As 401, after which a library asks for another token, and is told again."""
    amazon.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    headers = {"Authorization": stand_in(gateway, profile), **TYPES}
    for _ in range(2):
        answer = call_address(gateway, CAMPAIGNS, "POST", b"{}", headers)
        if answer.headers["x-gateway-reason"] == "store_revoked":
            break
    refused(answer, 401, "store_revoked", "authorizeUrl: ", amazon.url)


def test_a_refusal_of_amazon_s_is_passed_on_with_its_reason(
    gateway: Gateway, amazon: Amazon, profile: int
) -> None:
    """Its body is Amazon's to the letter."""
    body = json.dumps({"code": "THROTTLED", "message": "Too many requests"})
    do = {"status": 429, "headers": {"Content-Type": "application/json", "Retry-After": "3"}, "body": body}
    amazon.fault(do, host="advertising-api.amazon.com")
    headers = {"Authorization": stand_in(gateway, profile), **TYPES}
    answer = call_address(gateway, CAMPAIGNS, "POST", b"{}", headers)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, body.encode(), "3")
    assert answer.headers["x-gateway-reason"] == "quota"
