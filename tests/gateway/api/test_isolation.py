"""What is one user's is, to another one, as if it did not exist."""

from typing import Any

import pytest

from tests.support.gateway_server import Gateway

SELLER = "A1SANDBOXNA001"


@pytest.fixture
def two(gateway: Gateway) -> Gateway:
    """A gateway at which the owner has a store and an account, and the guest has nothing."""
    gateway.add_user("guest")
    gateway.authorize_store()
    gateway.authorize_account()
    return gateway


def test_another_users_lists_are_empty(two: Gateway) -> None:
    """Stores, accounts and profiles."""
    assert two.good("/spApi/authorizedStores", user="guest")["total"] == 0
    accounts = two.good("/amazonAds/authorizedStores", user="guest")
    assert (accounts["total"], accounts["accountsWithoutProfiles"]) == (0, [])
    assert two.good("/amazonAds/profiles", {"refresh": True}, user="guest")["total"] == 0


def test_another_users_things_answer_as_if_they_were_not_there(two: Gateway) -> None:
    """To the letter, but for the request's id."""
    store = two.good("/spApi/authorizedStores")["stores"][0]
    account = two.good("/amazonAds/authorizedStores")["stores"][0]
    attempt = two.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizationId"]
    ads_attempt = two.good("/amazonAds/authorizeUrl", {"accountName": "Account"})["authorizationId"]
    nobodys = "A" * 22
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"}, {"sellerId": "NOBODY", "region": "NA"}),
        ("/spApi/refreshToken", {"sellerId": SELLER}, {"sellerId": "NOBODY"}),
        ("/amazonAds/storeTokens", {"authRecordId": account["authRecordId"]}, {"authRecordId": 7}),
        ("/amazonAds/storeTokens", {"profileId": account["profileId"]}, {"profileId": 7}),
        ("/amazonAds/storeTokens", {"authRecordId": store["authRecordId"]}, {"authRecordId": 7}),
        ("/amazonAds/refreshToken", {"authRecordId": account["authRecordId"]}, {"authRecordId": 7}),
        ("/amazonAds/refreshToken", {"profileId": account["profileId"]}, {"profileId": 7}),
        (
            "/amazonAds/authorizeUrl",
            {"accountName": "A", "authRecordId": account["authRecordId"]},
            {"accountName": "A", "authRecordId": 7},
        ),
        ("/spApi/authorizationStatus", {"authorizationId": attempt}, {"authorizationId": nobodys}),
        ("/amazonAds/authorizationStatus", {"authorizationId": ads_attempt}, {"authorizationId": nobodys}),
    ]
    for path, others, missing in cases:
        answers = [two.bad(path, body, status=404, user="guest") for body in (others, missing)]
        for answer in answers:
            del answer["requestId"]
        assert answers[0] == answers[1]
        assert answers[0]["errcode"] == 1004
    assert two.amazon.refreshes() == []


def test_an_attempt_of_the_other_kind_is_not_found(two: Gateway) -> None:
    """A store's attempt is no ads attempt."""
    attempt = two.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizationId"]
    two.bad("/amazonAds/authorizationStatus", {"authorizationId": attempt}, status=404)


def test_two_users_of_one_store_have_tokens_of_their_own(two: Gateway) -> None:
    """The seller id in a callback proves nothing, so a grant is never shared."""
    wanted = {"sellerId": SELLER, "region": "NA"}
    before = two.good("/spApi/storeTokens", wanted)
    two.authorize_store(user="guest")
    guests = two.good("/spApi/storeTokens", wanted, user="guest")
    assert two.good("/spApi/storeTokens", wanted) == before
    assert guests["authRecordId"] != before["authRecordId"]
    assert guests["refreshToken"] != before["refreshToken"]
    two.amazon.fault({"status": 400, "body": '{"error": "invalid_grant"}'}, grantType="refresh_token")
    two.bad("/spApi/refreshToken", wanted, status=409, user="guest")
    assert two.good("/spApi/authorizedStores")["stores"][0]["status"] == "authorized"
