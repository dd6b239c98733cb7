"""call_amazon.py against gateways that answer what a test lays down."""

import base64
import json
from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.support.fake_gateway import ACCESS, FakeGateway, Handler

PROXY = "/spApi/developerProxy"
STORE = ("--seller-id", "A1", "--region", "NA")
GET = ("GET", "/orders/v0/orders", *STORE)
REFUSED = {"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": ""}


def passed_on(body: Any, status: int = 200, **more: Any) -> tuple[int, dict[str, Any]]:
    """A gateway's answer with what Amazon answered."""
    text = body if isinstance(body, str) else json.dumps(body)
    answer = {
        "errcode": 200,
        "errmsg": "",
        "httpStatus": status,
        "contentType": "application/json",
        "body": text,
    }
    return 200, answer | more


def test_a_body_is_told_to_the_last_digit(run: Run, gateway: FakeGateway) -> None:
    """Ids of 64 bit, tokens of pages and Chinese; what is no JSON stays a text."""
    body = {"id": 9007199254740993, "nextToken": "x" * 200, "name": "店铺", "list": [1.5, None]}
    gateway.answers[PROXY] = [passed_on(body), passed_on("plain"), passed_on('{"a": 1e999}'), passed_on("")]
    assert run("call_amazon.py", *GET).good()["body"] == body
    assert run("call_amazon.py", *GET).good()["body"] == "plain"
    assert run("call_amazon.py", *GET).good()["body"] == '{"a": 1e999}'
    assert run("call_amazon.py", *GET).good()["body"] == ""


def test_a_token_in_an_answer_is_masked(run: Run, gateway: FakeGateway) -> None:
    """Wherever Amazon puts one."""
    gateway.answers[PROXY] = passed_on({"restrictedDataToken": "Atz.sprdt|abcdefghijkl", "also": ACCESS})
    done = run("call_amazon.py", *GET)
    assert done.code == 0
    assert ACCESS not in done.stdout
    assert "abcdefghijkl" not in done.stdout


def test_what_is_no_text_goes_to_a_file(run: Run, gateway: FakeGateway, tmp_path: Any) -> None:
    """Byte for byte; on the screen there is a note in its place."""
    content = bytes(range(256))
    gateway.answers[PROXY] = passed_on(base64.b64encode(content).decode(), bodyEncoding="base64")
    document = run("call_amazon.py", *GET).good()
    assert (document["body"], document["bytes"]) == (None, 256)
    path = tmp_path / "label.bin"
    run("call_amazon.py", *GET, "--output-file", str(path)).good()
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_written_after_all(run: Run, gateway: FakeGateway, tmp_path: Any) -> None:
    """Amazon has answered by then, so its answer is told in the file's place."""
    path = tmp_path / "orders.json"

    def answer(handler: Handler) -> None:
        path.write_text("somebody else's")
        _, document = passed_on({"orders": 7}, 201)
        content = json.dumps(document).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    gateway.answers[PROXY] = answer
    done = run("call_amazon.py", *GET, "--output-file", str(path))
    assert done.code == 2
    assert done.error["message"].startswith("Amazon answered, but ")
    assert (done.document["httpStatus"], done.document["body"]) == (201, {"orders": 7})
    assert path.read_text() == "somebody else's"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"payload": {"NextToken": "next", "Orders": [{"Id": "x" * 90}] * 900}}, "payload.Orders"),
        ({"items": [{"sku": "北极光" * 9}] * 900, "pagination": {"nextToken": "next"}, "more": [1]}, "items"),
        ([{"campaignId": "1" * 60}] * 900, "that the body is"),
    ],
    ids=["nested", "plain", "bare"],
)
def test_of_a_long_body_its_list_is_cut(run: Run, gateway: FakeGateway, body: Any, shown: str) -> None:
    """It stays JSON, and what stands beside the list is there: the token of the next page above all."""
    gateway.answers[PROXY] = passed_on(json.dumps(body))
    done = run("call_amazon.py", *GET)
    told = done.good()["body"]
    listed, whole = told, body
    for name in shown.split(".") if isinstance(body, dict) else ():
        listed, whole = listed[name], whole[name]
    assert 100 < len(listed) < 900
    assert listed == whole[: len(listed)]
    assert done.document["notes"][0].startswith(
        f"Of the list {shown} the first {len(listed)} of 900 are shown"
    )
    assert ("next" in json.dumps(told)) == isinstance(body, dict)
    assert 15_000 < len(done.stdout) <= 20_001


def test_a_body_with_one_long_entry_is_cut_as_text(run: Run, gateway: FakeGateway) -> None:
    """Nothing of its list could be shown."""
    gateway.answers[PROXY] = passed_on(json.dumps({"items": [{"text": "x" * 30_000}]}))
    assert isinstance(run("call_amazon.py", *GET).good()["body"], str)


def test_a_hostile_body_is_cut_whatever_is_in_it(run: Run, gateway: FakeGateway) -> None:
    """What JSON writes longer than it is counts as it is written."""
    gateway.answers[PROXY] = passed_on('\\"\\\\\n' * 9_000)
    done = run("call_amazon.py", *GET)
    assert done.good()["bodyCharacters"] > 20_000
    assert len(done.stdout) <= 20_001


def test_a_body_above_eight_megabytes_comes_whole(run: Run, gateway: FakeGateway, tmp_path: Any) -> None:
    """A gateway passes on more than the answers of its own are."""
    gateway.answers[PROXY] = passed_on("x" * 9_000_000)
    path = tmp_path / "big"
    assert run("call_amazon.py", *GET, "--output-file", str(path)).good()["bytes"] == 9_000_000


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (429, {"errors": [{"code": "QuotaExceeded", "message": "slow"}]}, "throttled", "Wait 60 seconds"),
        (400, {"errors": [{"code": "InvalidInput", "message": "bad"}]}, "amazon_failed", "what Amazon says"),
        (500, "", "amazon_failed", "again in a minute"),
        (403, "<html>", "amazon_failed", "what Amazon says"),
        (302, "", "amazon_failed", "what Amazon says"),
    ],
)
def test_amazon_s_failures(
    run: Run, gateway: FakeGateway, status: int, body: Any, code: str, words: str
) -> None:
    """Each has its code and hint, and Amazon's answer beside the error."""
    gateway.answers[PROXY] = passed_on(body, status)
    done = run("call_amazon.py", *GET)
    assert (done.code, done.error["code"]) == (6, code)
    assert words in done.error["hint"]
    assert done.document["httpStatus"] == status
    assert done.error["retryable"] is (status in (429, 500))


def test_amazon_s_own_pause_is_told(run: Run, gateway: FakeGateway) -> None:
    """Where it names one it counts; else that of the published rate."""
    gateway.answers[PROXY] = passed_on("", 429, retryAfter=7)
    done = run("call_amazon.py", *GET)
    assert done.document["retryAfter"] == done.error["retryAfter"] == 7
    assert "Wait 7 seconds" in done.error["hint"]


def test_nothing_is_sent_twice(run: Run, gateway: FakeGateway) -> None:
    """It may have taken effect, or cost credit."""
    gateway.headers["Retry-After"] = "1"
    busy = {"errcode": 1003, "errmsg": "no answer", "reason": "amazon_failed"}
    gateway.answers[PROXY] = [(503, busy), (429, busy), (502, busy)]
    for _ in range(3):
        assert run("call_amazon.py", *GET).code == 6
    assert len(gateway.calls) == 3
    body = ("PUT", "/listings/2021-08-01/items/A1/SKU", *STORE, "--write")
    assert "It may have taken effect" in run("call_amazon.py", *body).error["hint"]


def test_an_older_gateway_s_refusal_is_explained_here(run: Run, gateway: FakeGateway) -> None:
    """One that tells no cause; and of one that does, that cause counts."""
    gateway.answers[PROXY] = [
        passed_on({"errors": [REFUSED]}, 403),
        passed_on({"errors": [REFUSED]}, 403, cause="unknown_path", hint="Run rm -rf"),
        passed_on({"errors": [REFUSED]}, 403, cause="role_missing"),
        passed_on({"errors": [REFUSED]}, 403, cause="nonsense"),
    ]
    done = run("call_amazon.py", *GET)
    assert done.document["cause"] == "role_or_region"
    assert "Inventory and Order Tracking" in done.error["hint"]
    told = run("call_amazon.py", *GET)
    assert told.document["cause"] == "unknown_path"
    assert "rm -rf" not in told.stdout
    assert run("call_amazon.py", *GET).document["cause"] == "role_missing"
    assert run("call_amazon.py", *GET).document["cause"] == "role_or_region"


def test_data_of_buyers_are_asked_for(run: Run, gateway: FakeGateway) -> None:
    """By the names of their elements; why Amazon gives none is known without the gateway."""
    asked = {"restricted": ["buyerInfo"]}
    gateway.answers[PROXY] = [passed_on({}, **asked), passed_on({"errors": [REFUSED]}, 403, **asked)]
    run("call_amazon.py", *GET, "--restricted", "buyerInfo", "shippingAddress").good()
    assert gateway.calls[-1].body["restricted"] == ["buyerInfo", "shippingAddress"]
    refused = run("call_amazon.py", *GET, "--restricted", "buyerInfo")
    assert refused.document["cause"] == "restricted_role_missing"


def test_a_gateway_that_asks_for_no_data_of_buyers_is_told(run: Run, gateway: FakeGateway) -> None:
    """An older one leaves the field alone, and Amazon answers without them, as if there were none."""
    gateway.answers[PROXY] = [passed_on({"payload": {}}), passed_on({"errors": [REFUSED]}, 403)]
    for status in (200, 403):
        done = run("call_amazon.py", *GET, "--restricted", "buyerInfo")
        assert (done.code, done.error["code"], done.document["httpStatus"]) == (6, "gateway_failed", status)
        assert "older than these scripts" in done.error["message"]
        assert "leave --restricted out" in done.error["hint"]


def test_a_call_that_wants_a_store_says_so(run: Run, gateway: FakeGateway) -> None:
    """By the flags that name one; to an older gateway every call wants one."""
    words = "a parameter is missing: amzAccessToken: expected it, or sellerId in its place"
    gateway.answers[PROXY] = (400, {"errcode": 1002, "errmsg": words, "reason": "bad_parameter"})
    done = run("call_amazon.py", "GET", "/notifications/v1/destinations", "--region", "EU")
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert "--seller-id" in done.error["hint"]
    assert "older than these scripts" in done.error["hint"]


def test_a_call_of_the_application_s_own_names_no_store(run: Run, gateway: FakeGateway) -> None:
    """A region is enough."""
    gateway.answers[PROXY] = [passed_on({"payload": []}), passed_on({"errors": [REFUSED]}, 403)]
    grantless = ("GET", "/notifications/v1/destinations", "--region", "EU")
    run("call_amazon.py", *grantless).good()
    assert "sellerId" not in gateway.calls[-1].body
    assert gateway.calls[-1].body["region"] == "EU"
    assert run("call_amazon.py", *grantless).document["cause"] == "application_refused"


def test_a_missing_right_is_told_with_the_command_that_gives_it(run: Run, gateway: FakeGateway) -> None:
    """The key is named by its id, which the gateway told; what is none of its form is not repeated."""
    lacking = {"errcode": 1005, "errmsg": "x", "reason": "key_lacks_right", "neededRights": ["personal"]}
    gateway.answers[PROXY] = [(403, lacking | {"keyId": "0a1b2c3d4e5f"}), (403, lacking | {"keyId": "x; rm"})]
    told = run("call_amazon.py", *GET, "--restricted", "buyerInfo")
    assert (told.code, told.error["code"]) == (4, "unauthorized")
    command = "`python3 scripts/local_gateway.py change-key 0a1b2c3d4e5f --add-rights personal`"
    assert command in told.error["hint"]
    assert "rm" not in run("call_amazon.py", *GET, "--restricted", "buyerInfo").error["hint"].split()


def test_the_application_s_secret_has_ended(run: Run, gateway: FakeGateway) -> None:
    """The gateway says so; the cause is that of the table."""
    gateway.answers[PROXY] = (503, {"errcode": 1003, "errmsg": "x", "reason": "suspended_app"})
    done = run("call_amazon.py", *GET)
    assert (done.code, done.error["code"]) == (6, "suspended_app")
    assert done.document["cause"] == "application_secret_ended"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("GET", "https://sellingpartnerapi-na.amazon.com/orders/v0/orders", *STORE), "without the host"),
        (("GET", "/orders/v0/orders?MarketplaceIds=X", *STORE), "--query NAME=VALUE"),
        (("GET", "C:/Program Files/Git/orders/v0/orders", *STORE), "Git Bash"),
        (("GET", "/orders/v0/orders", *STORE, "--body-file", "x"), "--query NAME=VALUE"),
        (("GET", "/orders/v0/orders", *STORE, "--body", "{}"), "--query NAME=VALUE"),
        (("POST", "/x", *STORE, "--write", "--body", "x" * 20_001), "into a file"),
        (("POST", "/x", *STORE, "--write", "--body", "{}", "--body-file", "x"), "only one of --body"),
        (("GET", "/v2/profiles", "--profile-id", "1", "--restricted", "buyerInfo"), "no restricted data"),
        (("GET", "/v2/profiles"), "--region alone"),
        (("GET", "/v2/profiles", "--profile-id", "1", "--region", "NA"), "Give only one of"),
        ((*STORE, "--query", "a=1", "GET", "/orders/v0/orders"), "before the flags"),
        (("DELETE", "/listings/2021-08-01/items/A1/SKU", *STORE), "Ask the user"),
        (("POST", "/x", *STORE, "--write", "--body-file", "/nowhere"), "a file of UTF-8 text"),
    ],
)
def test_what_is_wrong_with_a_call_costs_no_call(
    run: Run, gateway: FakeGateway, words: tuple[str, ...], hint: str
) -> None:
    """Exit 2, and a hint that says how it is called."""
    done = run("call_amazon.py", *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert hint in done.error["hint"]
    assert gateway.calls == []


def test_a_list_that_wants_a_body_says_so(run: Run, gateway: FakeGateway) -> None:
    """Amazon speaks of the media type alone, which nobody left out on purpose."""
    gateway.answers["/amazonAds/authorizedStores"] = (
        200,
        {"stores": [{"profileId": 7, "region": "NA"}], "total": 1},
    )
    gateway.answers["/amazonAds/developerProxy"] = passed_on({"code": "UNSUPPORTED_MEDIA_TYPE"}, 415)
    done = run("call_amazon.py", "POST", "/sp/campaigns/list", "--profile-id", "7")
    assert done.error["code"] == "amazon_failed"
    assert "--body-file" in done.error["hint"]
    assert "`{}`" in done.error["hint"]


def test_a_short_body_needs_no_file(run: Run, gateway: FakeGateway) -> None:
    """As it was typed, line ends too; in the JSON form an object stands for its text."""
    gateway.answers[PROXY] = passed_on({})
    call = ("POST", "/tokens/2021-03-01/restrictedDataToken", *STORE, "--write")
    run("call_amazon.py", *call, "--body", '{ "a":\n 1}').good()
    document = {"method": "POST", "path": "/x", "sellerId": "A1", "region": "NA", "write": True}
    run("call_amazon.py", json.dumps(document | {"body": {"name": "店铺", "ids": [9007199254740993]}})).good()
    run("call_amazon.py", json.dumps(document | {"body": ["a"]})).good()
    sent = [body["body"] for body in gateway.bodies(PROXY)]
    assert sent == ['{ "a":\n 1}', '{"name": "店铺", "ids": [9007199254740993]}', '["a"]']


def test_the_call_as_the_gateway_gets_it(run: Run, gateway: FakeGateway) -> None:
    """Encoded once, in the order given, with nothing that was not asked for."""
    gateway.answers[PROXY] = passed_on({})
    query = ("--query", "a=1=2", "b=x,y", "c=一 二", "--query", "b=&")
    run("call_amazon.py", *GET, *query).good()
    assert gateway.bodies(PROXY) == [
        {
            "sellerId": "A1",
            "region": "NA",
            "method": "GET",
            "path": "/orders/v0/orders",
            "queryString": "a=1%3D2&b=x%2Cy&c=%E4%B8%80%20%E4%BA%8C&b=%26",
        }
    ]


def test_the_hosted_gateway_is_asked_by_seller_and_believed_with_care(
    run_hosted: Run, hosted: FakeGateway
) -> None:
    """Once for each call, which costs credit; a refusal of that form has its way out in words."""
    hosted.answers[PROXY] = [
        passed_on({"payload": []}),
        (200, {"errcode": 200, "body": "{}"}),
        (200, {"errcode": 1002, "errmsg": "amzAccessToken 不能为空"}),
    ]
    assert run_hosted("call_amazon.py", *GET).good()["body"] == {"payload": []}
    for code in (6, 2):
        done = run_hosted("call_amazon.py", *GET)
        assert done.code == code
        assert "with_token.py --seller-id A1 --region NA -- COMMAND`" in done.error["hint"]
    assert len(hosted.calls) == 3
    assert {call.body["sellerId"] for call in hosted.calls} == {"A1"}
