"""`/spApi/developerProxy` from outside, beside the stand-in Amazon."""

import base64
import gzip
import hashlib
import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateway.proxy.test_targets import AROUND, BROKEN, ELSEWHERE
from tests.support.calling import (
    PARTICIPATIONS,
    SELLER,
    SP_HOST,
    US,
    call_store,
    forwarded,
    store_call,
    store_token,
)
from tests.support.gateway_server import Amazon, Gateway
from tests.support.markdown import ROOT

PROXY = "/spApi/developerProxy"
LISTING = f"/listings/2021-08-01/items/{SELLER}/SANDBOX-SKU-1"


@pytest.fixture(autouse=True)
def store(gateway: Gateway, amazon: Amazon) -> None:
    """A store of the owner's, and a ledger that begins after its authorization."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})


def test_the_documented_call_is_one(gateway: Gateway) -> None:
    """As it stands in references/api.md."""
    text = (ROOT / "references" / "api.md").read_text(encoding="utf-8")
    (example,) = re.findall(
        r"`POST /spApi/developerProxy`, for example:\n\n```json\n(.+?)```", text, re.DOTALL
    )
    answer = gateway.good(PROXY, json.loads(example))
    assert answer["httpStatus"] == 200
    assert "Orders" in json.loads(answer["body"])["payload"]


@pytest.mark.parametrize("presents", [True, False])
def test_a_call_brings_amazons_answer(gateway: Gateway, presents: bool) -> None:
    """With the token that was handed out, and with the store's name in its place."""
    changes = {"amzAccessToken": store_token(gateway), "sellerId": None} if presents else {}
    answer = call_store(gateway, **changes)
    assert answer["httpStatus"] == 200
    assert answer["contentType"] == "application/json"
    assert {site["marketplace"]["countryCode"] for site in json.loads(answer["body"])["payload"]} >= {
        "US",
        "CA",
    }
    assert answer["rateLimit"] == 0.016
    assert answer["requestId"]
    assert answer["retryAfter"] is None
    assert answer["sandbox"] is True


def test_a_token_that_was_not_asked_for_does_not_leave_the_gateway(gateway: Gateway, amazon: Amazon) -> None:
    """Neither in the answer nor in a refusal of Amazon's, nor the one that it was refreshed to."""
    amazon.control("expire", {"sellerId": SELLER})
    before = store_token(gateway)
    answers = [gateway.post(PROXY, store_call()) for _ in range(2)]
    amazon.fault({"answer": "spApi.tokenExpired"}, times=2, host=SP_HOST)
    answers.append(gateway.post(PROXY, store_call()))
    assert [answer.json()["httpStatus"] for answer in answers] == [200, 200, 403]
    for token in (before, store_token(gateway)):
        for answer in answers:
            assert token not in answer.text + str(answer.headers)


def test_the_first_slash_of_a_path_may_be_left_out(gateway: Gateway, amazon: Amazon) -> None:
    """As published skills do; it is sent with one."""
    assert call_store(gateway, path=PARTICIPATIONS[1:])["httpStatus"] == 200
    assert [call["path"] for call in forwarded(amazon)] == [PARTICIPATIONS]


def test_a_sku_of_any_characters_reaches_amazon_as_it_was_encoded(gateway: Gateway, amazon: Amazon) -> None:
    """What separates segments elsewhere is part of a value where it is encoded."""
    skus = ["A//B", "A;B", "A\\B", "%41", "50%FF", "A/B;C\\D%2F", "☕ 50% OFF+A&B"]
    paths = [f"/listings/2021-08-01/items/{SELLER}/{quote(sku, safe='')}" for sku in skus]
    for path in paths:
        call_store(gateway, path=path, queryString=f"marketplaceIds={US}")
    assert [call["path"] for call in forwarded(amazon)] == paths


def test_no_spelling_of_a_path_reaches_another_host_or_leaves_the_list(
    gateway: Gateway, amazon: Amazon
) -> None:
    """Each is told as not allowed, and nobody hears of it."""
    for path in (*ELSEWHERE, *AROUND, *BROKEN):
        problem = gateway.bad(PROXY, store_call(path=path), status=403)
        assert (problem["errcode"], problem["reason"]) == (1005, "not_allowed"), path
    assert forwarded(amazon) == []


def test_only_the_headers_that_the_api_wants_are_sent(gateway: Gateway, amazon: Amazon) -> None:
    """Nothing of the caller's own headers, cookies or key reaches Amazon."""
    answer = gateway.post(
        PROXY,
        store_call(),
        Cookie="a=b",
        **{"X-Forwarded-For": "1.2.3.4", "X-Custom": "1", "User-Agent": "theirs"},
    )
    assert answer.json()["httpStatus"] == 200
    (call,) = forwarded(amazon)
    assert call["headerNames"] == [
        "accept",
        "accept-encoding",
        "connection",
        "host",
        "user-agent",
        "x-amz-access-token",
    ]


def test_a_body_goes_byte_for_byte_with_its_type(gateway: Gateway, amazon: Amazon) -> None:
    """Blanks, order and characters stay as they were given."""
    body = '{ "productType":"TOY",\r\n "attributes": {"b":1, "a":"\u6c99 \u2615 \\u0000"} }'
    answer = call_store(
        gateway,
        path=LISTING,
        method="PUT",
        queryString=f"marketplaceIds={US}",
        body=body,
        contentType="application/json; charset=UTF-8",
    )
    assert json.loads(answer["body"])["status"] == "ACCEPTED"
    (call,) = forwarded(amazon)
    assert call["bodyPrint"] == hashlib.sha256(body.encode()).hexdigest()
    assert call["contentType"] == "application/json; charset=UTF-8"
    assert call["path"] == LISTING


@pytest.mark.parametrize("method", ["POST", "put", "PATCH", "DELETE"])
def test_every_method_of_the_sp_api_is_passed_on(gateway: Gateway, amazon: Amazon, method: str) -> None:
    """Whatever Amazon says to it; a body without a type is JSON."""
    call_store(gateway, path="/orders/v0/orders", method=method, body="[]")
    (call,) = forwarded(amazon)
    assert (call["method"], call["contentType"], call["bodyBytes"]) == (method.upper(), "application/json", 2)


@pytest.mark.parametrize("accept", [None, "application/pdf, application/json;q=0.8"])
def test_json_is_wanted_unless_the_caller_says_otherwise(
    gateway: Gateway, amazon: Amazon, accept: str | None
) -> None:
    """A label may come as a PDF."""
    call_store(gateway, accept=accept)
    assert [call["accept"] for call in forwarded(amazon)] == [accept or "application/json"]


def test_a_get_has_no_body(gateway: Gateway, amazon: Amazon) -> None:
    """Amazon refuses a GET with one; callers that always send one are spared that."""
    assert call_store(gateway, body="{}", contentType="application/json")["httpStatus"] == 200
    (call,) = forwarded(amazon)
    assert (call["bodyBytes"], call["contentType"]) == (0, None)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 400, 404, 415, 429, 500, 503])
def test_every_status_of_amazons_is_passed_on(gateway: Gateway, amazon: Amazon, status: int) -> None:
    """The gateway's own is 200 whenever Amazon answered; a redirect is not followed."""
    headers = {"Location": f"{amazon.url}/{SP_HOST}{PARTICIPATIONS}", "Retry-After": "3", "Set-Cookie": "a=b"}
    body = "" if status == 204 else "hello"
    amazon.fault({"status": status, "headers": headers, "body": body}, host=SP_HOST)
    answer = gateway.post(PROXY, store_call())
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    document = answer.json()
    assert (document["httpStatus"], document["body"], document["retryAfter"]) == (status, body, 3)
    assert len(forwarded(amazon)) == 1


def test_a_throttled_call_is_told_as_amazon_tells_it(gateway: Gateway, amazon: Amazon) -> None:
    """Amazon's 429 with its body, where another program has used up what Amazon takes."""
    amazon.fault({"answer": "spApi.throttled"}, host=SP_HOST)
    answer = call_store(gateway)
    assert answer["httpStatus"] == 429
    assert json.loads(answer["body"])["errors"][0]["code"] == "QuotaExceeded"


def test_gzip_is_understood(gateway: Gateway, amazon: Amazon) -> None:
    """A compressed answer comes decompressed, and counts as text."""
    packed = gzip.compress("Grüße ☕".encode() * 5000)
    amazon.fault(
        {
            "status": 200,
            "headers": {"Content-Encoding": "gzip", "Content-Type": "text/plain"},
            "bodyBase64": base64.b64encode(packed).decode(),
        },
        host=SP_HOST,
    )
    assert call_store(gateway)["body"] == "Grüße ☕" * 5000


def test_what_is_no_text_comes_as_base64(gateway: Gateway, amazon: Amazon) -> None:
    """A label as a picture arrives whole."""
    picture = bytes(range(256)) * 2000
    amazon.fault(
        {
            "status": 200,
            "headers": {"Content-Type": "image/png"},
            "bodyBase64": base64.b64encode(picture).decode(),
        },
        host=SP_HOST,
    )
    answer = call_store(gateway)
    assert answer["bodyEncoding"] == "base64"
    assert base64.b64decode(answer["body"]) == picture


def test_a_large_text_arrives_whole(gateway: Gateway, amazon: Amazon) -> None:
    """Some megabytes with every kind of character."""
    text = '沙☕"\\\n\t\u0001é' * 300_000
    amazon.fault({"status": 200, "body": text}, host=SP_HOST)
    assert call_store(gateway)["body"] == text


def test_an_answer_beyond_the_limit_is_told_as_that(gateway: Gateway, amazon: Amazon) -> None:
    """A small packet that unpacks to more than is passed on is stopped on the way."""
    packed = gzip.compress(b"0" * (gateway.settings.proxy_largest_answer + 1))
    amazon.fault(
        {
            "status": 200,
            "headers": {"Content-Encoding": "gzip"},
            "bodyBase64": base64.b64encode(packed).decode(),
        },
        host=SP_HOST,
    )
    problem = gateway.bad(PROXY, store_call(), status=502)
    assert (problem["errcode"], problem["reason"]) == (1003, "answer_too_large")


@pytest.mark.parametrize(
    "do",
    [
        {"cutAfterBytes": 0},
        {"cutAfterBytes": 100},
        {"drop": "before"},
        {"drop": "after"},
        {"status": 200, "headers": {"Content-Encoding": "gzip"}, "body": "this is not gzip"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_breaks_off_is_a_failure_and_nothing_is_repeated(
    gateway: Gateway, amazon: Amazon, do: dict[str, Any], method: str
) -> None:
    """Amazon closing in the middle, before or instead of its answer: 1003, 502, and one call."""
    amazon.fault(do, host=SP_HOST)
    problem = gateway.bad(PROXY, store_call(method=method), status=502)
    assert (problem["errcode"], problem["reason"]) == (1003, "amazon_failed")
    assert len(forwarded(amazon)) == 1


@pytest.mark.parametrize(
    ("changes", "reason", "status"),
    [
        ({"path": None}, "bad_parameter", 400),
        ({"path": 7}, "bad_parameter", 400),
        ({"path": ["/orders"]}, "bad_parameter", 400),
        ({"path": "//evil.example/orders"}, "not_allowed", 403),
        ({"path": "/tokens/2021-03-01/restrictedDataToken"}, "not_allowed", 403),
        ({"method": None}, "bad_parameter", 400),
        ({"method": 1}, "bad_parameter", 400),
        ({"method": "TRACE"}, "bad_parameter", 400),
        ({"method": "CONNECT"}, "bad_parameter", 400),
        ({"method": "GET /x HTTP/1.1\r\nHost: evil"}, "bad_parameter", 400),
        ({"region": None}, "bad_parameter", 400),
        ({"region": "XX"}, "bad_parameter", 400),
        ({"region": "EU"}, "bad_parameter", 400),
        ({"sellerId": None}, "bad_parameter", 400),
        ({"sellerId": "../x"}, "bad_parameter", 400),
        ({"sellerId": "A1SANDBOXNA002"}, "not_found", 404),
        ({"amzAccessToken": 5}, "bad_parameter", 400),
        ({"amzAccessToken": "Atza|made-up"}, "not_found", 404),
        ({"amzAccessToken": "Atza|x\r\nX-Injected: 1"}, "not_found", 404),
        ({"amzAccessToken": "\ud800"}, "not_found", 404),
        ({"queryString": {"a": 1}}, "bad_parameter", 400),
        ({"queryString": "a=1\r\nX-Injected: 1"}, "bad_parameter", 400),
        ({"queryString": "a=1#b"}, "bad_parameter", 400),
        ({"body": {"a": 1}, "method": "POST"}, "bad_parameter", 400),
        ({"body": [1], "method": "POST"}, "bad_parameter", 400),
        ({"body": 7, "method": "POST"}, "bad_parameter", 400),
        ({"body": "\ud800", "method": "POST"}, "bad_parameter", 400),
        ({"contentType": "application/json\r\nX-Injected: 1"}, "bad_parameter", 400),
        ({"contentType": "application/json\n"}, "bad_parameter", 400),
        ({"contentType": "json"}, "bad_parameter", 400),
        ({"contentType": 5}, "bad_parameter", 400),
    ],
)
def test_bad_input_reaches_nobody(
    gateway: Gateway, amazon: Amazon, changes: dict[str, Any], reason: str, status: int
) -> None:
    """Each is told by its own reason, and Amazon hears nothing of it."""
    assert gateway.bad(PROXY, store_call(**changes), status=status)["reason"] == reason
    assert forwarded(amazon) == []


def test_fifty_megabytes_are_refused_and_the_caller_hears_it(gateway: Gateway, amazon: Amazon) -> None:
    """Even a client that sends everything before it listens gets the 413; nobody else waits meanwhile."""
    import urllib.error
    import urllib.request

    body = json.dumps(store_call(method="POST", body="x" * 50_000_000)).encode()
    request = urllib.request.Request(gateway.url + PROXY, body, {"Authorization": gateway.keys["owner"]})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        assert answer.code == 413
        assert json.loads(answer.read())["errcode"] == 1002
    assert forwarded(amazon) == []


def test_a_body_of_some_megabytes_passes(gateway: Gateway, amazon: Amazon) -> None:
    """Below the limit it arrives whole, while other paths keep their own, smaller limit."""
    body = "沙" * 2_000_000
    call_store(gateway, method="POST", path="/feeds/2021-06-30/feeds", body=body)
    (call,) = forwarded(amazon)
    assert call["bodyPrint"] == hashlib.sha256(body.encode()).hexdigest()
    assert gateway.post("/spApi/storeTokens", {"sellerId": "x" * 1_000_000}).status_code == 413


@pytest.mark.parametrize("rights", [("tokens", "manage"), ()])
def test_the_key_needs_the_right_to_call(gateway: Gateway, amazon: Amazon, rights: tuple[str, ...]) -> None:
    """A key for tokens only does not call Amazon; a wrong one learns nothing."""
    gateway.keys["limited"] = gateway.vault.users.issue_key("owner", rights)[1].reveal()
    assert gateway.bad(PROXY, store_call(), status=403, user="limited")["reason"] == "key_lacks_right"
    assert gateway.bad(PROXY, {"path": 7}, status=401, user="nobody")["reason"] == "unauthorized"
    assert forwarded(amazon) == []


def test_a_foreign_host_is_refused(gateway: Gateway, amazon: Amazon) -> None:
    """A page that reached this port by a name of its own gets nothing."""
    answer = gateway.post(PROXY, store_call(), Host="evil.example")
    assert (answer.status_code, answer.json()["errcode"]) == (403, 1005)
    assert forwarded(amazon) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null"])
def test_a_foreign_origin_is_refused(gateway: Gateway, amazon: Amazon, origin: str) -> None:
    """A page of another site that got hold of a key cannot call with a browser's help."""
    answer = gateway.post(PROXY, store_call(), Origin=origin)
    assert (answer.status_code, answer.json()["reason"]) == (403, "origin_not_allowed")
    assert forwarded(amazon) == []


def test_another_user_s_store_and_token_do_not_exist(gateway: Gateway, amazon: Amazon) -> None:
    """The answers are those for a store and a token that nobody has."""
    gateway.add_user("eve")
    token = store_token(gateway)
    for theirs, nobodys in (
        (store_call(), store_call(sellerId="A1NOBODY000000")),
        (
            store_call(sellerId=None, amzAccessToken=token),
            store_call(sellerId=None, amzAccessToken=token[:-1] + "~"),
        ),
        (store_call(region="EU"), store_call(region="EU", sellerId="A1NOBODY000000")),
    ):
        answers = [gateway.bad(PROXY, body, status=404, user="eve") for body in (theirs, nobodys)]
        for answer in answers:
            del answer["requestId"]
        assert answers[0] == answers[1]
        assert answers[0]["errcode"] == 1004
    assert forwarded(amazon) == []


def test_a_token_belongs_to_one_region_and_store(gateway: Gateway, amazon: Amazon) -> None:
    """Beside another region, or another store's name, it is a contradiction."""
    gateway.authorize_store("A1SANDBOXNA002")
    amazon.control("ledger/reset", {})
    token = store_token(gateway)
    elsewhere: dict[str, Any] = {"region": "EU"}
    for changes, regions in (
        (elsewhere, ["NA"]),
        (elsewhere | {"amzAccessToken": None, "sellerId": SELLER}, ["NA"]),
        ({"sellerId": "A1SANDBOXNA002"}, None),
    ):
        body = store_call(**{"amzAccessToken": token, "sellerId": None, **changes})
        refusal = gateway.bad(PROXY, body, status=400)
        assert (refusal["errcode"], refusal.get("regions")) == (1002, regions)
    assert call_store(gateway, amzAccessToken=token)["httpStatus"] == 200
    assert len(forwarded(amazon)) == 1


def test_a_token_from_before_a_refresh_still_counts(gateway: Gateway) -> None:
    """Whoever got it a moment ago can go on, until it expires."""
    before = store_token(gateway)
    gateway.clock.step(60)
    gateway.good("/spApi/refreshToken", {"sellerId": SELLER})
    assert store_token(gateway) != before
    for _ in range(2):
        assert call_store(gateway, sellerId=None, amzAccessToken=before)["httpStatus"] == 200
    gateway.clock.step(3541)
    body = store_call(sellerId=None, amzAccessToken=before)
    assert gateway.bad(PROXY, body, status=404)["reason"] == "not_found"
