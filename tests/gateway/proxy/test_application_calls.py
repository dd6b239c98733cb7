"""Grantless calls from outside: for no store, with a token of the application's own that nobody sees."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.addresses import call_address, stand_in
from tests.support.calling import SELLER, forwarded, store_call
from tests.support.gateway_server import Amazon, Gateway

PROXY = "/spApi/developerProxy"
DESTINATIONS = "/notifications/v1/destinations"
QUEUE = {"sqs": {"arn": "arn:aws:sqs:us-east-1:123456789012:orders"}}
CREATE = {
    "method": "POST",
    "body": json.dumps({"name": "orders", "resourceSpecification": QUEUE}),
}


@pytest.fixture(autouse=True)
def keys(gateway: Gateway, amazon: Amazon) -> None:
    """Keys with and without the right; no store is authorized."""
    issue = gateway.vault.users.issue_key
    gateway.keys["application"] = issue("owner", ("proxy", "application"))[1].reveal()
    amazon.control("ledger/reset", {})


def ask(gateway: Gateway, user: str = "application", **changes: Any) -> dict[str, Any]:
    """Call the SP-API for no store."""
    call = store_call(path=DESTINATIONS, queryString=None, sellerId=None, **changes)
    return gateway.good(PROXY, call, user=user)


def own_tokens(amazon: Amazon) -> int:
    """How often Amazon was asked for a token of the application's own."""
    return len(amazon.calls(grantType="client_credentials"))


def test_a_call_names_no_store(gateway: Gateway, amazon: Amazon) -> None:
    """By both shapes, in the region that is asked for; one token does for all of them."""
    created = ask(gateway, **CREATE)
    assert created["httpStatus"] == 200, created
    (listed,) = json.loads(ask(gateway)["body"])["payload"]
    assert listed["resource"] == QUEUE
    headers = {"Authorization": gateway.keys["application"]}
    answer = call_address(gateway, f"/spapi/eu{DESTINATIONS}", headers=headers)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert [call["host"] for call in forwarded(amazon)] == [
        *["sellingpartnerapi-na.amazon.com"] * 2,
        "sellingpartnerapi-eu.amazon.com",
    ]
    assert own_tokens(amazon) == 1


def test_a_named_store_does_no_harm(gateway: Gateway, amazon: Amazon) -> None:
    """Also by a stand-in token: what a library sends along; but it has to be the caller's."""
    gateway.authorize_store()
    assert (
        gateway.good(PROXY, store_call(path=DESTINATIONS, queryString=None), user="application")["httpStatus"]
        == 200
    )
    token = stand_in(gateway, seller_id=SELLER, user="application")
    answer = call_address(gateway, f"/spapi/na{DESTINATIONS}", headers={"x-amz-access-token": token})
    assert answer.status == 200
    call = store_call(path=DESTINATIONS, queryString=None, sellerId="A1NOBODY000000")
    assert gateway.bad(PROXY, call, status=404, user="application")["reason"] == "not_found"


def test_a_key_without_the_right_is_refused(gateway: Gateway, amazon: Amazon) -> None:
    """By both shapes, with a store, too: Amazon would refuse the store's token."""
    call = store_call(path=DESTINATIONS, queryString=None, sellerId=None)
    refused = gateway.bad(PROXY, call, status=403)
    assert (refused["reason"], refused["neededRights"]) == ("key_lacks_right", ["application"])
    answer = call_address(
        gateway, f"/spapi/na{DESTINATIONS}", headers={"Authorization": gateway.keys["owner"]}
    )
    assert (answer.status, answer.headers["x-gateway-reason"]) == (403, "key_lacks_right")
    assert own_tokens(amazon) == 0
    gateway.authorize_store()
    checks = forwarded(amazon)
    refused = gateway.bad(PROXY, store_call(path=DESTINATIONS, queryString=None), status=403)
    assert (refused["reason"], refused["neededRights"]) == ("key_lacks_right", ["application"])
    assert "--add-rights application`" in refused["hint"]
    assert forwarded(amazon) == checks


@pytest.mark.parametrize("path", ["/sellers/v1/marketplaceParticipations", "/notifications/v1/subscriptions"])
def test_any_other_call_wants_a_store(gateway: Gateway, amazon: Amazon, path: str) -> None:
    """As ever."""
    call = store_call(path=path, queryString=None, sellerId=None)
    refused = gateway.bad(PROXY, call, status=400, user="application")
    assert (refused["reason"], "sellerId" in refused["errmsg"]) == ("bad_parameter", True)
    answer = call_address(gateway, f"/spapi/na{path}", headers={"Authorization": gateway.keys["application"]})
    assert (answer.status, "X-Store" in answer.body.decode()) == (400, True)
    assert forwarded(amazon) == []


def test_the_client_secret_is_out_of_reach(gateway: Gateway, amazon: Amazon) -> None:
    """Its rotation is grantless, too, and this gateway makes no token for it."""
    call = store_call(path="/applications/2023-11-30/clientSecret", method="POST", sellerId=None)
    assert gateway.bad(PROXY, call, status=403, user="application")["reason"] == "not_allowed"
    assert own_tokens(amazon) == 0


def test_many_who_ask_cost_one_token(gateway: Gateway, amazon: Amazon) -> None:
    """At once, and one more where Amazon ended it early; then the call is made once more."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(gateway), range(4)))
    assert {answer["httpStatus"] for answer in answers} == {200}
    assert own_tokens(amazon) == 1
    amazon.control("clock", {"advance": 10})
    amazon.fault({"answer": "spApi.tokenExpired"}, times=1, path=DESTINATIONS)
    assert ask(gateway)["httpStatus"] == 200
    assert own_tokens(amazon) == 2
    gateway.clock.step(3600)
    assert ask(gateway)["httpStatus"] == 200
    assert own_tokens(amazon) == 3


def test_an_ended_secret_is_told_as_the_applications(gateway: Gateway, amazon: Amazon) -> None:
    """By the token endpoint, and by the API; calls for stores then learn the same."""
    app = gateway.settings.spapi
    assert app is not None
    amazon.control("apps", {"clientId": app.client_id, "secretExpired": True})
    call = store_call(path=DESTINATIONS, queryString=None, sellerId=None)
    refused = gateway.bad(PROXY, call, status=503, user="application")
    assert (refused["reason"], refused["status"]) == ("suspended_app", "suspended_app")


def test_a_refused_client_suspends_the_application(gateway: Gateway, amazon: Amazon) -> None:
    """As where a refresh meets it; Amazon is not asked again at once."""
    app = gateway.settings.spapi
    assert app is not None
    amazon.control("apps", {"clientId": app.client_id, "secretRefused": True})
    call = store_call(path=DESTINATIONS, queryString=None, sellerId=None)
    for _ in range(2):
        refused = gateway.bad(PROXY, call, status=503, user="application")
        assert (refused["reason"], refused["status"]) == ("suspended_app", "suspended_app")
    assert own_tokens(amazon) == 1


def test_amazon_that_is_away_is_told_as_such(gateway: Gateway, amazon: Amazon) -> None:
    """After some tries; nothing is kept of it."""
    amazon.fault({"status": 503}, times=None, grantType="client_credentials")
    call = store_call(path=DESTINATIONS, queryString=None, sellerId=None)
    assert gateway.bad(PROXY, call, status=502, user="application")["reason"] == "amazon_failed"
    assert own_tokens(amazon) == 3


def test_no_token_is_told(gateway: Gateway, amazon: Amazon, caplog: pytest.LogCaptureFixture) -> None:
    """Not in an answer or the log."""
    amazon.control("settings", {"tokenMarker": "SPOTTED"})
    amazon.fault({"answer": "spApi.tokenExpired"}, times=2, path=DESTINATIONS)
    call = store_call(path=DESTINATIONS, queryString=None, sellerId=None)
    answers = [gateway.post(PROXY, call, user="application") for _ in range(2)]
    assert [answer.json()["httpStatus"] for answer in answers] == [403, 200]
    assert "SPOTTED" not in "".join(answer.text + str(answer.headers) for answer in answers) + caplog.text
