"""What Amazon's refusals of a token lead to: a refresh, a proof, or nothing."""

import json
import threading
from typing import Any

import pytest

from gateway.tokens.grant_tokens import GrantTokens
from gateway.tokens.service import TokenService
from tests.support.calling import (
    SELLER,
    SP_HOST,
    ads_call,
    call_store,
    forwarded,
    passed_on,
    profile_of,
    store_call,
    store_token,
)
from tests.support.gateway_server import Amazon, Gateway

PROXY = "/spApi/developerProxy"


@pytest.fixture(autouse=True)
def store(gateway: Gateway, amazon: Amazon) -> None:
    """A store of the owner's, and a ledger that begins after its authorization."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})


def status_of_store(gateway: Gateway) -> str:
    """How the store is listed."""
    return gateway.good("/spApi/authorizedStores")["stores"][0]["status"]


def test_a_token_that_ended_early_is_refreshed_once_and_the_call_repeated(
    gateway: Gateway, amazon: Amazon
) -> None:
    """The caller who leaves the token to the gateway does not notice."""
    amazon.control("expire", {"sellerId": SELLER})
    assert call_store(gateway)["httpStatus"] == 200
    assert len(amazon.refreshes()) == 1
    assert [call["status"] for call in forwarded(amazon)] == [403, 200]


def test_a_token_that_is_over_is_refreshed_before_it_is_used(gateway: Gateway, amazon: Amazon) -> None:
    """No call is wasted on a token that the gateway knows to be over."""
    gateway.clock.step(3590)
    assert call_store(gateway)["httpStatus"] == 200
    assert len(amazon.refreshes()) == 1
    assert len(forwarded(amazon)) == 1


def test_a_call_that_changes_something_is_not_repeated(gateway: Gateway, amazon: Amazon) -> None:
    """The refusal is passed on; the token is fresh for the next try, which is the caller's."""
    amazon.control("expire", {"sellerId": SELLER})
    report = json.dumps({"reportType": "GET_REPORT", "marketplaceIds": ["ATVPDKIKX0DER"]})
    body = {"path": "/reports/2021-06-30/reports", "method": "POST", "body": report}
    refused = call_store(gateway, **body)
    assert refused["httpStatus"] == 403
    assert "expired" in refused["body"]
    assert len(forwarded(amazon)) == 1
    assert len(amazon.refreshes()) == 1
    assert call_store(gateway, **body)["httpStatus"] == 202
    assert len(amazon.refreshes()) == 1


def test_a_call_is_repeated_once_at_most(gateway: Gateway, amazon: Amazon) -> None:
    """Where Amazon refuses the fresh token as well, its answer is passed on."""
    amazon.fault({"answer": "spApi.tokenExpired"}, times=None, host=SP_HOST)
    assert call_store(gateway)["httpStatus"] == 403
    assert len(forwarded(amazon)) == 2
    assert len(amazon.refreshes()) == 1
    assert status_of_store(gateway) == "authorized"


def test_a_caller_s_own_expired_token_is_the_caller_s_business(gateway: Gateway, amazon: Amazon) -> None:
    """Nothing is refreshed and nothing repeated: the refusal is passed on as it is."""
    token = store_token(gateway)
    amazon.control("expire", {"sellerId": SELLER})
    answer = call_store(gateway, amzAccessToken=token)
    assert answer["httpStatus"] == 403
    assert json.loads(answer["body"])["errors"][0]["details"] == "The access token you provided has expired."
    assert amazon.refreshes() == []


@pytest.mark.parametrize("presents", [True, False])
def test_a_revoked_store_is_proved_before_its_status_changes(
    gateway: Gateway, amazon: Amazon, presents: bool
) -> None:
    """One refresh shows that it is true; then the caller is told so, in both ways of calling."""
    token = store_token(gateway)
    amazon.control("revoke", {"sellerId": SELLER})
    body = store_call(amzAccessToken=token if presents else None)
    problem = gateway.bad(PROXY, body, status=409)
    assert (problem["errcode"], problem["reason"]) == (1003, "store_revoked")
    assert problem["status"] == "needs_reauthorization"
    assert status_of_store(gateway) == "needs_reauthorization"
    assert len(amazon.refreshes()) == 1
    # From now on nobody asks Amazon in vain. Both tell the way out, and it is one.
    again = gateway.bad(PROXY, body, status=409)
    assert again["reason"] == "store_revoked"
    assert len(forwarded(amazon)) == 1
    assert problem["authorizeUrl"] == again["authorizeUrl"]
    gateway.open(amazon.consent(again["authorizeUrl"], decision="confirm", selling_partner_id=SELLER))
    assert gateway.status("spapi", again["authorizationId"])["state"] == "authorized"
    assert status_of_store(gateway) == "authorized"
    assert call_store(gateway)["httpStatus"] == 200


def test_a_key_that_may_make_no_links_is_told_without_one(gateway: Gateway, amazon: Amazon) -> None:
    """As at a token call."""
    gateway.keys["caller"] = gateway.vault.users.issue_key("owner", ("proxy",))[1].reveal()
    amazon.control("revoke", {"sellerId": SELLER})
    problem = gateway.bad(PROXY, store_call(), status=409, user="caller")
    assert problem["status"] == "needs_reauthorization"
    assert "authorizeUrl" not in problem


@pytest.mark.parametrize("presents", [True, False])
def test_expired_or_revoked_is_proved_too(gateway: Gateway, amazon: Amazon, presents: bool) -> None:
    """A text that leaves it open says of a token that has not ended by the clock that it may be revoked."""
    call = {"amzAccessToken": store_token(gateway) if presents else None}
    said = {"code": "Unauthorized", "details": "The access token has expired or been revoked."}
    do = {"status": 403, "body": json.dumps({"errors": [said]})}
    amazon.fault(do, times=None, path="/orders/v0/orders")
    for _ in range(3):
        assert call_store(gateway, path="/orders/v0/orders", **call)["httpStatus"] == 403
    # Not revoked: one refresh showed it, and the store is as it was.
    assert len(amazon.refreshes()) == 1
    assert status_of_store(gateway) == "authorized"
    gateway.clock.step(61)
    amazon.control("revoke", {"sellerId": SELLER})
    call = {"amzAccessToken": store_token(gateway) if presents else None}
    problem = gateway.bad(PROXY, store_call(path="/orders/v0/orders", **call), status=409)
    assert problem["reason"] == "store_revoked"
    assert status_of_store(gateway) == "needs_reauthorization"


def test_a_revocation_that_follows_a_refusal_is_found_once_the_proof_is_old(
    gateway: Gateway, amazon: Amazon
) -> None:
    """A proof counts for a minute, and not for longer."""
    amazon.fault({"answer": "spApi.tokenRevoked"}, times=2, host=SP_HOST)
    assert call_store(gateway)["httpStatus"] == 403
    amazon.control("revoke", {"sellerId": SELLER})
    assert call_store(gateway)["httpStatus"] == 403
    gateway.clock.step(60)
    assert gateway.bad(PROXY, store_call(), status=409)["reason"] == "store_revoked"


@pytest.mark.parametrize("presents", [True, False])
def test_a_refusal_that_is_not_true_changes_nothing(gateway: Gateway, amazon: Amazon, presents: bool) -> None:
    """Amazon says revoked once and refreshes happily: the store stays authorized."""
    token = store_token(gateway)
    amazon.fault({"answer": "spApi.tokenRevoked"}, host=SP_HOST)
    answer = call_store(gateway, amzAccessToken=token if presents else None)
    # Who brought the token hears Amazon's refusal; the gateway's own call was repeated with a fresh one.
    assert answer["httpStatus"] == (403 if presents else 200)
    assert len(amazon.refreshes()) == 1
    assert status_of_store(gateway) == "authorized"


def test_an_older_token_proves_nothing(gateway: Gateway, amazon: Amazon) -> None:
    """The store was refreshed since it was handed out: one more refresh would tell nothing new."""
    token = store_token(gateway)
    gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
    amazon.control("ledger/reset", {})
    amazon.fault({"answer": "spApi.tokenRevoked"}, times=None, host=SP_HOST)
    for _ in range(3):
        assert call_store(gateway, amzAccessToken=token)["httpStatus"] == 403
    assert amazon.refreshes() == []


def test_a_proof_that_cannot_be_had_leaves_amazons_answer(gateway: Gateway, amazon: Amazon) -> None:
    """The token endpoint is throttled: the refusal is passed on and nothing is concluded."""
    amazon.fault({"answer": "spApi.tokenRevoked"}, host=SP_HOST)
    amazon.fault(
        {"answer": "tokenEndpoint.throttled", "headers": {"Retry-After": "60"}},
        times=None,
        host="api.amazon.com",
    )
    assert call_store(gateway)["httpStatus"] == 403
    assert status_of_store(gateway) == "authorized"


@pytest.mark.parametrize("answer", ["spApi.roleMissing", "spApi.wrongRegion", "spApi.userAgentMissing"])
def test_other_refusals_are_only_passed_on(gateway: Gateway, amazon: Amazon, answer: str) -> None:
    """A missing role says nothing about the token."""
    amazon.fault({"answer": answer}, host=SP_HOST)
    assert call_store(gateway)["httpStatus"] == 403
    assert amazon.refreshes() == []


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "{}", '{"errors": 7}', '{"errors": [7]}', "[" * 9999, "<html>"]
)
def test_a_refusal_in_a_form_that_nobody_knows_is_only_passed_on(
    gateway: Gateway, amazon: Amazon, body: str
) -> None:
    """A 403 of something in between, for instance."""
    amazon.fault({"status": 403, "body": body}, host=SP_HOST)
    answer = call_store(gateway)
    assert (answer["httpStatus"], answer["body"]) == (403, body)
    assert amazon.refreshes() == []


def test_many_calls_with_an_ended_token_cost_one_refresh(gateway: Gateway, amazon: Amazon) -> None:
    """However many notice at the same moment."""
    amazon.control("settings", {"participationsQuota": None})
    amazon.control("expire", {"sellerId": SELLER})
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(call_store(gateway)["httpStatus"])) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    assert len(amazon.refreshes()) == 1


def test_whoever_notices_late_takes_what_another_refreshed(
    gateway: Gateway, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another's refresh is stored between a look at the tokens and the refresh that would follow it."""
    amazon.control("expire", {"sellerId": SELLER})
    tokens: TokenService = gateway.app.state.services.tokens
    look = tokens.fresh

    async def overtaken(grant_id: int, *min_ttl: int) -> GrantTokens:
        seen = await look(grant_id, *min_ttl)
        if forwarded(amazon):  # the token was refused
            await tokens.refresh(grant_id)
        return seen

    monkeypatch.setattr(tokens, "fresh", overtaken)
    assert call_store(gateway)["httpStatus"] == 200
    assert len(amazon.refreshes()) == 1


@pytest.fixture
def profile(gateway: Gateway, amazon: Amazon) -> int:
    """A profile of the owner's."""
    gateway.authorize_account()
    amazon.control("ledger/reset", {})
    return profile_of(gateway)


def ads(gateway: Gateway, body: dict[str, Any]) -> dict[str, Any]:
    """Call the Ads API; Amazon's answer has to be passed on."""
    return passed_on(gateway, "/amazonAds/developerProxy", body)


def test_a_refused_ads_token_is_refreshed_and_a_get_repeated(
    gateway: Gateway, amazon: Amazon, profile: int
) -> None:
    """The Ads API's 401 does not say why: the refresh finds out."""
    amazon.control("expire", {"advertiserId": "SANDBOX_BRANDS"})
    body = {"region": "NA", "profileId": profile, "path": "/v2/profiles", "method": "GET"}
    assert ads(gateway, body)["httpStatus"] == 200
    assert len(amazon.refreshes()) == 1
    amazon.control("expire", {"advertiserId": "SANDBOX_BRANDS"})
    assert ads(gateway, ads_call(profile))["httpStatus"] == 401
    assert ads(gateway, ads_call(profile))["httpStatus"] == 200


def test_a_revoked_ads_account_is_proved_and_told(gateway: Gateway, amazon: Amazon, profile: int) -> None:
    """As for a store, with the token and without."""
    amazon.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    problem = gateway.bad("/amazonAds/developerProxy", ads_call(profile), status=409)
    assert problem["status"] == "needs_reauthorization"
    assert len(amazon.refreshes()) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"code": "401", "details": "Not authorized to access scope 7"},
        {"code": "UNAUTHORIZED", "message": "Not authorized to access scope 7"},
        {"code": "UNAUTHORIZED", "message": "No matching advertiser found for scope"},
        {
            "code": "UNAUTHORIZED",
            "message": "Not authorized to manage this profile. Please check permissions and consent from the "
            "advertiser",
        },
        {"code": "UNAUTHORIZED", "message": "Missing consent"},
        {"code": "UNAUTHORIZED", "message": "Scope header is missing", "details": None},
        {"code": "401", "detail": "Not authorized to access scope 7"},
    ],
)
def test_a_profile_out_of_reach_costs_no_refresh_in_whatever_words(
    gateway: Gateway, amazon: Amazon, profile: int, said: dict[str, Any]
) -> None:
    """The older APIs tell it in `details`, the newer ones in `message`, reports in `detail`."""
    amazon.fault({"status": 401, "body": json.dumps(said)}, times=None, path="/v2/profiles")
    for _ in range(3):
        assert ads(gateway, ads_call(profile, path="/v2/profiles", method="GET"))["httpStatus"] == 401
    assert amazon.refreshes() == []
    assert len(forwarded(amazon)) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_in_words_that_nobody_knows_costs_one_refresh_a_minute(
    gateway: Gateway, amazon: Amazon, profile: int, method: str
) -> None:
    """It may be about the token: a fresh one that is refused alike shows that it is not."""
    said = {"code": "UNAUTHORIZED", "message": "Not today"}
    amazon.fault({"status": 401, "body": json.dumps(said)}, times=None, path="/sp/campaigns/list")
    call = ads_call(profile, method=method)
    for _ in range(4):
        assert ads(gateway, call)["httpStatus"] == 401
    assert len(amazon.refreshes()) == 1
    gateway.clock.step(60)
    ads(gateway, call)
    assert len(amazon.refreshes()) == 2


def test_an_ads_account_revoked_in_the_newer_words_is_proved_and_told_with_the_way_out(
    gateway: Gateway, amazon: Amazon, profile: int
) -> None:
    """As in the older ones."""
    amazon.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    said = {"code": "UNAUTHORIZED", "message": "Authentication failed"}
    amazon.fault({"status": 401, "body": json.dumps(said)}, path="/sp/campaigns/list")
    problem = gateway.bad("/amazonAds/developerProxy", ads_call(profile), status=409)
    assert problem["reason"] == "store_revoked"
    assert problem["authorizeUrl"].startswith(amazon.url)


def test_a_profile_out_of_reach_says_nothing_about_the_token(
    gateway: Gateway, amazon: Amazon, profile: int
) -> None:
    """Amazon's 401 about a scope is passed on, nothing is refreshed."""
    amazon.fault({"answer": "adsApi.scopeRefused"}, host="advertising-api.amazon.com")
    assert ads(gateway, ads_call(profile))["httpStatus"] == 401
    assert amazon.refreshes() == []
