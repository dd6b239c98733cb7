"""Calls for data of buyers, from outside: the gateway makes the restricted data token, and nobody sees it."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.addresses import call_address
from tests.support.calling import SELLER, US, call_store, forwarded, store_call, store_token
from tests.support.gateway_server import Amazon, Gateway

PROXY = "/spApi/developerProxy"
ORDERS = "/orders/v0/orders"
TOKENS = "/tokens/2021-03-01/restrictedDataToken"
LIST = {"path": ORDERS, "queryString": f"MarketplaceIds={US}&CreatedAfter=2026-01-01T00:00:00Z"}
ELEMENTS = ["buyerInfo", "shippingAddress"]


@pytest.fixture(autouse=True)
def store(gateway: Gateway, amazon: Amazon) -> None:
    """A store of the owner's, keys with and without the right, and a ledger that begins then."""
    gateway.authorize_store()
    issue = gateway.vault.users.issue_key
    gateway.keys["personal"] = issue("owner", ("proxy", "personal"))[1].reveal()
    amazon.control("ledger/reset", {})


@pytest.fixture
def order(gateway: Gateway) -> str:
    """The number of an order."""
    answer = call_store(gateway, **LIST)
    number: str = json.loads(answer["body"])["payload"]["Orders"][0]["AmazonOrderId"]
    gateway.amazon.control("ledger/reset", {})
    return number


def ask(gateway: Gateway, user: str = "personal", **changes: Any) -> dict[str, Any]:
    """Call the SP-API for the store, by a key that has the right."""
    return gateway.good(PROXY, store_call(**changes), user=user)


def paths(amazon: Amazon) -> list[str]:
    """What Amazon was asked for, in order."""
    return [call["path"] for call in forwarded(amazon)]


def payload(answer: dict[str, Any]) -> Any:
    """What an answer of Amazon's holds."""
    assert answer["httpStatus"] == 200, answer
    return json.loads(answer["body"])["payload"]


def test_an_order_comes_with_the_data_that_were_asked_for(gateway: Gateway, amazon: Amazon) -> None:
    """And with no others; without asking there are none."""
    first = payload(ask(gateway, **LIST, restricted=ELEMENTS))["Orders"][0]
    assert first["BuyerInfo"]["BuyerName"]
    assert first["ShippingAddress"]["City"]
    answer = ask(gateway, **LIST, restricted=["shippingAddress"])
    assert answer["restricted"] == ["shippingAddress"], "so that who asks an older gateway notices"
    some = payload(answer)["Orders"][0]
    assert "BuyerInfo" not in some
    assert some["ShippingAddress"]
    answer = ask(gateway, **LIST)
    assert "restricted" not in answer
    plain = payload(answer)["Orders"][0]
    assert not {"BuyerInfo", "ShippingAddress"} & plain.keys()
    assert paths(amazon) == [TOKENS, ORDERS, TOKENS, ORDERS, ORDERS]


def test_at_the_address_a_header_asks(gateway: Gateway, amazon: Amazon) -> None:
    """Of the elements, with commas; it does not go on to Amazon, and no cache keeps the answer."""
    headers = {
        "Authorization": gateway.keys["personal"],
        "X-Store": SELLER,
        "X-Restricted-Data": "buyerInfo, shippingAddress",
    }
    answer = call_address(gateway, f"/spapi/na{ORDERS}?{LIST['queryString']}", headers=headers)
    assert answer.status == 200
    assert answer.document["payload"]["Orders"][0]["ShippingAddress"]
    assert answer.headers["cache-control"] == "no-store"
    assert not any("x-restricted-data" in call["headerNames"] for call in forwarded(amazon))


def test_no_cache_keeps_what_the_proxy_answers(gateway: Gateway) -> None:
    """Data of buyers least of all."""
    answer = gateway.post(PROXY, store_call(**LIST, restricted=ELEMENTS), user="personal")
    assert answer.json()["httpStatus"] == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_operation_that_always_wants_a_token_gets_it_made(
    gateway: Gateway, amazon: Amazon, order: str
) -> None:
    """For just that order, once for its life, without being asked; `all` asks for it in words."""
    address = f"{ORDERS}/{order}/address"
    for restricted in (None, ["all"], None):
        assert payload(ask(gateway, path=address, queryString=None, restricted=restricted))["ShippingAddress"]
    assert paths(amazon) == [TOKENS, address, address, address]
    tokens = {call["tokenPrint"] for call in forwarded(amazon) if call["path"] == address}
    assert len(tokens) == 1
    other = f"{ORDERS}/{order}/buyerInfo"
    assert payload(ask(gateway, path=other, queryString=None))["BuyerEmail"]
    assert paths(amazon)[4:] == [TOKENS, other]


def test_a_key_without_the_right_is_refused(gateway: Gateway, amazon: Amazon, order: str) -> None:
    """By both shapes, where it asks; else it calls as ever, and Amazon's refusal is explained."""
    refused = gateway.bad(PROXY, store_call(**LIST, restricted=["buyerInfo"]), status=403)
    assert (refused["reason"], refused["neededRights"]) == ("key_lacks_right", ["personal"])
    assert "change-key" in refused["hint"]
    headers = {"Authorization": gateway.keys["owner"], "X-Store": SELLER, "X-Restricted-Data": "buyerInfo"}
    answer = call_address(gateway, f"/spapi/na{ORDERS}?{LIST['queryString']}", headers=headers)
    assert (answer.status, answer.headers["x-gateway-reason"]) == (403, "key_lacks_right")
    assert forwarded(amazon) == []
    answered = ask(gateway, "owner", path=f"{ORDERS}/{order}/address", queryString=None)
    assert (answered["httpStatus"], answered["cause"]) == (403, "restricted_data")
    assert "personal" in answered["hint"]


def test_a_library_that_asks_for_a_restricted_token_is_told_the_way(gateway: Gateway) -> None:
    """In both shapes; nobody is advised to open that path to callers."""
    refused = gateway.bad(PROXY, store_call(path=TOKENS, method="POST", body="{}"), status=403)
    headers = {"Authorization": gateway.keys["owner"], "X-Store": SELLER}
    answer = call_address(gateway, f"/spapi/na{TOKENS}", "POST", headers=headers, body=b"{}")
    for told in (refused["errmsg"], json.loads(answer.body)["errors"][0]["message"]):
        assert "X-Restricted-Data" in told
        assert "the right personal" in told


@pytest.mark.parametrize("elements", ["buyerInfo", {}, {"a": 1}, ["buyerInfo", 1], [None]])
def test_what_is_no_list_of_elements_is_refused_in_words(gateway: Gateway, elements: Any) -> None:
    """Such as a word alone."""
    refused = gateway.bad(PROXY, store_call(**LIST, restricted=elements), status=400)
    assert refused["reason"] == "bad_parameter"
    assert refused["errmsg"].endswith("restricted: expected a list of strings")


@pytest.mark.parametrize(
    ("path", "elements", "told"),
    [
        (ORDERS, ["buyerInfo", "phone"], "buyerInfo, shippingAddress, buyerTaxInformation"),
        (ORDERS, ["all"], "buyerInfo, shippingAddress, buyerTaxInformation"),
        (f"{ORDERS}/1/orderItems", ["shippingAddress"], "has buyerInfo"),
        (f"{ORDERS}/1/address", ["buyerInfo"], "takes all"),
        ("/orders/2026-01-01/orders", ["buyerInfo"], "includedData=BUYER,RECIPIENT"),
        ("/catalog/2022-04-01/items", ["buyerInfo"], "wants such a token"),
        (ORDERS, ["buyerInfo\n"], "buyerInfo, shippingAddress"),
    ],
)
def test_an_element_that_the_operation_does_not_know_is_told(
    gateway: Gateway, amazon: Amazon, path: str, elements: list[str], told: str
) -> None:
    """With those that it has; Amazon is not asked."""
    call = store_call(path=path, queryString=None, restricted=elements)
    refused = gateway.bad(PROXY, call, status=400, user="personal")
    assert refused["reason"] == "bad_parameter"
    assert told in refused["errmsg"]
    assert forwarded(amazon) == []


def test_a_refusal_to_give_a_token_is_told_with_its_cause(gateway: Gateway, amazon: Amazon) -> None:
    """The call itself is not made; the next one asks anew."""
    amazon.fault({"answer": "spApi.roleMissing"}, times=1, path=TOKENS)
    answer = ask(gateway, **LIST, restricted=ELEMENTS)
    assert (answer["httpStatus"], answer["cause"]) == (403, "restricted_role_missing")
    assert "restricted role" in answer["hint"]
    assert paths(amazon) == [TOKENS]
    assert payload(ask(gateway, **LIST, restricted=ELEMENTS))["Orders"]


def test_too_many_tokens_are_told_as_amazons_limit(gateway: Gateway, amazon: Amazon) -> None:
    """With the time to wait; the call itself is not made."""
    amazon.fault({"answer": "spApi.throttled", "headers": {"Retry-After": "7"}}, times=1, path=TOKENS)
    answer = ask(gateway, **LIST, restricted=ELEMENTS)
    assert (answer["httpStatus"], answer["retryAfter"]) == (429, 7)
    assert paths(amazon) == [TOKENS]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b'{"restrictedDataToken": 7, "expiresIn": 3600}'])
def test_an_answer_without_a_token_is_amazons_failure(gateway: Gateway, amazon: Amazon, body: bytes) -> None:
    """And is not kept."""
    amazon.fault({"status": 200, "body": body.decode()}, times=1, path=TOKENS)
    call = store_call(**LIST, restricted=ELEMENTS)
    assert gateway.bad(PROXY, call, status=502, user="personal")["reason"] == "amazon_failed"
    assert payload(ask(gateway, **LIST, restricted=ELEMENTS))["Orders"]


def test_a_token_that_ends_between_two_pages_is_made_anew(gateway: Gateway, amazon: Amazon) -> None:
    """By its time, or early at Amazon: then the page is asked for once more."""
    page = {"path": ORDERS, "queryString": f"{LIST['queryString']}&MaxResultsPerPage=10"}
    first = payload(ask(gateway, **page, restricted=ELEMENTS))
    follows = page | {"queryString": f"MarketplaceIds={US}&NextToken={quote(first['NextToken'], safe='')}"}
    amazon.fault({"answer": "spApi.tokenExpired"}, times=1, path=ORDERS)
    assert payload(ask(gateway, **follows, restricted=ELEMENTS))["Orders"]
    assert paths(amazon) == [TOKENS, ORDERS, ORDERS, TOKENS, ORDERS]
    amazon.control("ledger/reset", {})
    gateway.clock.step(3600)
    assert payload(ask(gateway, **page, restricted=ELEMENTS))["Orders"]
    assert paths(amazon) == [TOKENS, ORDERS]


def test_a_call_that_changes_something_is_not_sent_twice(gateway: Gateway, amazon: Amazon) -> None:
    """Its token is made anew for the next one."""
    call = {"path": "/mfn/v0/shipments", "method": "POST", "queryString": None, "body": "{}"}
    amazon.fault({"answer": "spApi.tokenExpired"}, times=1, path="/mfn/v0/shipments")
    assert ask(gateway, **call)["httpStatus"] == 403
    assert paths(amazon) == [TOKENS, "/mfn/v0/shipments", TOKENS]
    ask(gateway, **call)
    assert paths(amazon)[3:] == ["/mfn/v0/shipments"]


def test_a_revoked_store_is_told_as_such(gateway: Gateway, amazon: Amazon) -> None:
    """Also where a token for its data was there."""
    assert payload(ask(gateway, **LIST, restricted=ELEMENTS))["Orders"]
    amazon.control("revoke", {"sellerId": SELLER})
    call = store_call(**LIST, restricted=ELEMENTS)
    refused = gateway.bad(PROXY, call, status=409, user="personal")
    assert (refused["reason"], refused["status"]) == ("store_revoked", "needs_reauthorization")


def test_the_stores_token_is_refreshed_where_that_had_ended(gateway: Gateway, amazon: Amazon) -> None:
    """The token for data of buyers is then asked for once more."""
    amazon.control("expire", {"sellerId": SELLER})
    assert payload(ask(gateway, **LIST, restricted=ELEMENTS))["Orders"]
    assert paths(amazon).count(TOKENS) == 2


def test_no_token_is_told(gateway: Gateway, amazon: Amazon, caplog: pytest.LogCaptureFixture) -> None:
    """Not in an answer, a refusal or the log; and a caller cannot have one made for itself."""
    amazon.control("settings", {"tokenMarker": "SPOTTED"})
    amazon.fault({"answer": "spApi.tokenExpired"}, times=1, path=ORDERS)
    call = store_call(**LIST, restricted=ELEMENTS)
    answers = [gateway.post(PROXY, call, user="personal") for _ in range(2)]
    assert answers[0].json()["httpStatus"] == 200
    body = json.dumps({"restrictedResources": [{"method": "GET", "path": f"{ORDERS}/{{orderId}}/address"}]})
    own = store_call(path=TOKENS, method="POST", queryString=None, body=body)
    assert gateway.bad(PROXY, own, status=403, user="personal")["reason"] == "not_allowed"
    told = "".join(answer.text + str(answer.headers) for answer in answers) + caplog.text
    assert "SPOTTED" not in told
    assert "sprdt" not in told


def test_a_callers_own_token_of_the_store_does_as_well(gateway: Gateway) -> None:
    """It names the store; what is asked for is the same."""
    token = store_token(gateway)
    answer = ask(gateway, **LIST, restricted=ELEMENTS, amzAccessToken=token, sellerId=None)
    assert payload(answer)["Orders"][0]["BuyerInfo"]
