"""`/spapi/{region}/…` from outside: who calls, what passes, and what comes back."""

import base64
import gzip
import hashlib
from pathlib import Path

import pytest

from tests.gateway.proxy.test_targets import AROUND, BROKEN, ELSEWHERE
from tests.support.addresses import Answered, call_address, stand_in
from tests.support.calling import PARTICIPATIONS, SELLER, SP_HOST, US, forwarded, store_token
from tests.support.gateway_server import Amazon, Gateway, http, running_gateway

OTHER = "A1SANDBOXNA002"
INDIAN = "A1SANDBOXEU002"


@pytest.fixture(autouse=True)
def store(gateway: Gateway, amazon: Amazon) -> None:
    """A store of the owner's, and a ledger that begins after its authorization."""
    gateway.authorize_store()
    amazon.control("ledger/reset", {})


@pytest.fixture
def token(gateway: Gateway) -> str:
    """A stand-in token for that store."""
    return stand_in(gateway, seller_id=SELLER)


def shown(gateway: Gateway, token: str) -> dict[str, dict[str, str]]:
    """The ways to show who calls, by their names."""
    key = gateway.keys["owner"]
    return {
        "the SP-API's header": {"x-amz-access-token": token},
        "the Ads API's header": {"Authorization": f"Bearer {token}"},
        "Authorization alone": {"Authorization": token},
        "both": {"Authorization": f"Bearer {token}", "x-amz-access-token": token},
        "a signature beside it": {
            "x-amz-access-token": token,
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/execute-api/aws4_request",
            "x-amz-date": "20260101T000000Z",
        },
        "a key": {"Authorization": f"Bearer {key}", "X-Store": SELLER},
        "a key without Bearer": {"Authorization": key, "X-Store": SELLER},
        "a token of Amazon's": {"Authorization": key, "x-amz-access-token": store_token(gateway)},
    }


def test_a_call_brings_amazons_answer(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """However it is shown who calls: status, body, type, rate and number of the call are Amazon's."""
    for way, headers in shown(gateway, token).items():
        amazon.control("ledger/reset", {})
        answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=headers)
        assert answer.status == 200, (way, answer.body)
        assert {site["marketplace"]["countryCode"] for site in answer.document["payload"]} >= {"US", "CA"}
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-amzn-ratelimit-limit"] == "0.016"
        assert answer.headers["x-amzn-requestid"]
        assert answer.headers["cache-control"] == "no-store"
        assert "x-gateway-reason" not in answer.headers
        assert [call["path"] for call in forwarded(amazon)] == [PARTICIPATIONS]


def refused(answer: Answered, status: int, reason: str, *words: str) -> None:
    """Check that an answer is a refusal of the gateway's in the shape of the SP-API's."""
    assert (answer.status, answer.headers.get("x-gateway-reason")) == (status, reason), answer.body
    told = answer.error
    for word in words:
        assert word in told["message"] + told["details"]


def test_a_token_of_amazons_is_in_nobodys_hands(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """Neither goes to Amazon what the caller shows, nor comes back what Amazon is shown."""
    real = store_token(gateway)
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers={"x-amz-access-token": token})
    assert real.encode() not in answer.body + repr(answer.headers).encode()
    (call,) = forwarded(amazon)
    assert call["tokenPrint"] == hashlib.sha256(real.encode()).hexdigest()[:12]


REFUSED: list[tuple[dict[str, str], int, str, str]] = [
    ({}, 403, "unauthorized", "x-amz-access-token"),
    ({"Authorization": "lfx_local_nobodys"}, 403, "unauthorized", "API key"),
    ({"Authorization": "lfx_local_nobodys", "X-Store": SELLER}, 403, "unauthorized", "API key"),
    ({"x-amz-access-token": "Atza|somebodys"}, 403, "unauthorized", "take the handle with proxy: before it"),
    ({"Authorization": "Bearer Atza|somebodys"}, 403, "unauthorized", "does not tell who calls"),
    ({"x-amz-access-token": "something"}, 403, "unauthorized", "no stand-in token"),
    ({"x-amz-access-token": "lfxp_forged"}, 403, "stand_in_ended", "has expired"),
    (
        {"x-amz-access-token": "TOKEN", "Authorization": "lfxp_another"},
        400,
        "bad_parameter",
        "two tokens",
    ),
    ({"x-amz-access-token": "TOKEN", "Authorization": "KEY"}, 400, "bad_parameter", "two tokens"),
    ({"x-amz-access-token": "TOKEN", "Authorization": "Atza|x"}, 400, "bad_parameter", "two tokens"),
    ({"x-amz-access-token": "TOKEN", "Authorization": "Basic eA=="}, 400, "bad_parameter", "two tokens"),
    ({"Authorization": "KEY"}, 400, "bad_parameter", "X-Store"),
    ({"Authorization": "KEY", "X-Store": "../x"}, 400, "bad_parameter", "X-Store"),
    ({"Authorization": "KEY", "X-Store": "A1NOBODY"}, 404, "not_found", ""),
    ({"Authorization": "KEY", "x-amz-access-token": "Atza|none"}, 404, "not_found", "not handed to you"),
    ({"x-amz-access-token": "TOKEN", "X-Store": OTHER}, 400, "bad_parameter", "another store"),
]


def test_who_does_not_show_one_good_token_is_told_why(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """In words, in Amazon's shape, and Amazon hears nothing of it."""
    known = {"TOKEN": token, "KEY": gateway.keys["owner"]}
    for shows, status, reason, word in REFUSED:
        headers = {name: known.get(value, value) for name, value in shows.items()}
        answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=headers)
        refused(answer, status, reason, word)
        assert answer.error["code"] == {400: "InvalidInput", 403: "Unauthorized", 404: "NotFound"}[status]
    assert forwarded(amazon) == []


def test_a_stand_in_token_ends(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """After its hour, and at once with its key; what Amazon says of an ended token is said of it."""
    path = f"/spapi/na{PARTICIPATIONS}"
    gateway.clock.step(3599)
    assert call_address(gateway, path, headers={"x-amz-access-token": token}).status == 200
    gateway.clock.step(1)
    ended = call_address(gateway, path, headers={"x-amz-access-token": token})
    refused(ended, 403, "stand_in_ended", "The access token you provided has expired.", "/auth/o2/token")
    fresh = stand_in(gateway, seller_id=SELLER)
    assert call_address(gateway, path, headers={"x-amz-access-token": fresh}).status == 200
    caller = gateway.vault.users.authenticate(gateway.keys["owner"])
    assert caller is not None
    gateway.vault.users.revoke_key(caller.key_id)
    revoked = call_address(gateway, path, headers={"x-amz-access-token": fresh})
    refused(revoked, 403, "stand_in_ended")


def test_a_removed_store_ends_its_stand_in_tokens(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """So a library asks for another, and is told by the token endpoint what is with the store."""
    gateway.good("/spApi/removeStore", {"sellerId": SELLER, "region": "NA"})
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers={"x-amz-access-token": token})
    refused(answer, 403, "stand_in_ended", "The access token you provided has expired.")


def test_the_key_needs_the_right_to_call(gateway: Gateway, amazon: Amazon) -> None:
    """Also the one that a stand-in token was made for."""
    gateway.keys["limited"] = gateway.vault.users.issue_key("owner", ("tokens",))[1].reveal()
    token = stand_in(gateway, seller_id=SELLER, user="limited")
    for headers in (
        {"x-amz-access-token": token},
        {"Authorization": gateway.keys["limited"], "X-Store": SELLER},
        {"Authorization": gateway.keys["limited"]},
    ):
        answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=headers)
        refused(answer, 403, "key_lacks_right", "proxy")
    assert forwarded(amazon) == []


def test_another_region_s_address_is_named_where_the_store_is(
    gateway: Gateway, amazon: Amazon, token: str
) -> None:
    """By a stand-in token, by a key, and by a token of Amazon's."""
    for headers in (
        {"x-amz-access-token": token},
        {"Authorization": gateway.keys["owner"], "X-Store": SELLER},
        {"Authorization": gateway.keys["owner"], "x-amz-access-token": store_token(gateway)},
    ):
        answer = call_address(gateway, f"/spapi/eu{PARTICIPATIONS}", headers=headers)
        refused(answer, 400, "bad_parameter", "/spapi/na")
    assert forwarded(amazon) == []


def test_a_store_of_india_is_called_under_both_regions(gateway: Gateway, amazon: Amazon) -> None:
    """It is Europe's, and guides list it under the Far East."""
    gateway.authorize_store(INDIAN, "FE", marketplace="IN")
    amazon.control("ledger/reset", {})
    ways: list[dict[str, str]] = [
        {"x-amz-access-token": stand_in(gateway, seller_id=INDIAN)},
        {"Authorization": gateway.keys["owner"], "X-Store": INDIAN},
    ]
    for headers in ways:
        for region in ("fe", "eu"):
            answer = call_address(
                gateway, f"/spapi/{region}/orders/v0/orders?MarketplaceIds=x", headers=headers
            )
            assert "x-amzn-requestid" in answer.headers, answer.body
        refused(
            call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=headers),
            400,
            "bad_parameter",
            "/spapi/eu",
        )
    assert {call["host"] for call in forwarded(amazon)} == {"sellingpartnerapi-eu.amazon.com"}


@pytest.mark.parametrize(
    "place", ["/spapi/xx/orders/v0/orders", "/spapi/NA/orders", "/spapi/orders", "/spapi/na%2Forders"]
)
def test_an_address_that_is_none_names_those_that_are(gateway: Gateway, token: str, place: str) -> None:
    """In Amazon's shape, as it is asked by what was made for Amazon."""
    answer = call_address(gateway, place, headers={"x-amz-access-token": token})
    refused(answer, 404, "unknown_path", "/spapi/na, /spapi/eu, /spapi/fe")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_other_methods_are_not_taken(gateway: Gateway, amazon: Amazon, token: str, method: str) -> None:
    """None of Amazon's operations has one."""
    answer = call_address(
        gateway, f"/spapi/na{PARTICIPATIONS}", method, headers={"x-amz-access-token": token}
    )
    assert (answer.status, answer.headers["x-gateway-reason"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST, PUT, PATCH, DELETE"
    assert forwarded(amazon) == []


def sendable(path: str) -> bool:
    """Whether a path can stand in a request line, so that it reaches the gateway as it is."""
    return path.startswith("/") and not set(path) & set(" \t\r\n\0?#\x7f\ud800") and len(path) < 5000


def test_paths_that_lead_elsewhere_reach_nobody(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """Each is told as not allowed, as by the developer proxy, or is no request at all."""
    tried = [path for path in (*ELSEWHERE, *AROUND, *BROKEN) if sendable(path)]
    assert len(tried) > 60
    for path in tried:
        answer = call_address(gateway, f"/spapi/na{path}", headers={"x-amz-access-token": token})
        if answer.headers.get("x-gateway-reason") == "unknown_path":
            continue
        if not path.isascii() and answer.status == 400:
            continue  # the server reads no such request
        refused(answer, 403, "not_allowed", "path")
    assert forwarded(amazon) == []


def test_path_and_query_go_as_they_were_sent(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """Nothing is decoded on the way: a slash in a SKU stays part of the SKU."""
    path = f"/listings/2021-08-01/items/{SELLER}/A%2F%2FB%3BC+%E6%B2%99"
    query = f"marketplaceIds={US}&x=%2B%20%25&y=a+b"
    call_address(gateway, f"/spapi/na{path}?{query}", headers={"x-amz-access-token": token})
    (call,) = forwarded(amazon)
    assert call["path"] == path


def test_queries_that_break_a_request_are_refused(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """And are called what the caller knows them as."""
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}?a=%zz", headers={"x-amz-access-token": token})
    refused(answer, 400, "bad_parameter", "query: expected")
    assert forwarded(amazon) == []


def test_only_the_headers_that_matter_are_sent(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """Those of Amazon's operations as they are; nothing of the caller's credentials, cookies or way here."""
    sent = {
        "x-amz-access-token": token,
        "x-amz-date": "20260101T000000Z",
        "X-Amz-Security-Token": "x",
        "X-Amzn-Trace-Id": "Root=1",
        "x-amzn-shipping-business-id": "AmazonShipping_UK",
        "x-amzn-idempotency-token": "a-1",
        "Accept": "text/csv, */*;q=0.1",
        "Accept-Language": "zh-CN",
        "Content-Type": 'multipart/form-data; boundary="x y"',
        "Content-Encoding": "gzip",
        "Cookie": "a=b",
        "User-Agent": "python-amazon-sp-api",
        "X-Forwarded-For": "1.2.3.4",
        "X-Store": SELLER,
        "Connection": "keep-alive, x-custom",
        "X-Custom": "1",
        "Expect": "100-continue",
    }
    call_address(gateway, "/spapi/na/feeds/2021-06-30/feeds", "POST", b"{}", sent)
    (call,) = forwarded(amazon)
    assert call["headerNames"] == sorted(
        [
            "accept",
            "accept-encoding",
            "accept-language",
            "connection",
            "content-encoding",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-amz-access-token",
            "x-amzn-idempotency-token",
            "x-amzn-shipping-business-id",
        ]
    )
    assert call["accept"] == "text/csv, */*;q=0.1"
    assert call["contentType"] == 'multipart/form-data; boundary="x y"'
    assert call["bodyPrint"] == hashlib.sha256(b"{}").hexdigest()


def test_only_the_headers_that_matter_come_back(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """No cookie of Amazon's, nothing of its connection; each once."""
    headers = {
        "Content-Type": "text/plain;charset=gbk",
        "Set-Cookie": "session=1",
        "Server": "Server",
        "Strict-Transport-Security": "max-age=1",
        "x-amzn-RequestId": "r-1",
        "x-amz-rid": "R2",
        "x-amzn-RateLimit-Limit": "0.5",
        "Retry-After": "7",
        "Cache-Control": "public, max-age=3600",
        "Location": "https://elsewhere.example/report",
    }
    amazon.fault({"status": 307, "headers": headers, "body": "沙"}, host=SP_HOST)
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers={"x-amz-access-token": token})
    assert (answer.status, answer.body) == (307, "沙".encode())
    for name in (
        "Content-Type",
        "x-amzn-RequestId",
        "x-amz-rid",
        "x-amzn-RateLimit-Limit",
        "Retry-After",
        "Location",
    ):
        assert answer.headers[name.lower()] == headers[name]
    assert answer.headers["cache-control"] == "no-store"
    assert not answer.headers.keys() & {"set-cookie", "strict-transport-security"}
    assert len(forwarded(amazon)) == 1  # where it leads is the caller's to follow


@pytest.mark.parametrize(
    ("accepts", "passed"), [("gzip, deflate", True), ("identity", False), ("gzip;q=0", False), (None, False)]
)
def test_a_coded_body_is_passed_on_as_it_is(
    gateway: Gateway, amazon: Amazon, token: str, accepts: str | None, passed: bool
) -> None:
    """Amazon is asked for what the caller takes, and whatever comes is called what it is."""
    packed = gzip.compress(b"text" * 1000)
    do = {
        "headers": {"Content-Encoding": "gzip"},
        "bodyBase64": base64.b64encode(packed).decode(),
        "status": 200,
    }
    amazon.fault(do, host=SP_HOST)
    headers = {"x-amz-access-token": token} | ({"Accept-Encoding": accepts} if accepts else {})
    answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers=headers)
    assert (answer.headers["content-encoding"], answer.body) == ("gzip", packed)
    assert answer.headers["content-length"] == str(len(packed))


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none(gateway: Gateway, amazon: Amazon, token: str, status: int) -> None:
    """And the connection goes on."""
    amazon.fault({"status": status, "headers": {}, "body": ""}, host=SP_HOST)
    answer = call_address(
        gateway, f"/spapi/na{PARTICIPATIONS}", "DELETE", headers={"x-amz-access-token": token}
    )
    assert (answer.status, answer.body) == (status, b"")
    assert "transfer-encoding" not in answer.headers


def test_a_token_that_ended_early_is_renewed_behind_the_address(
    gateway: Gateway, amazon: Amazon, token: str
) -> None:
    """The caller does not notice; what changes something is sent once, and is told what is the matter."""
    path, headers = f"/spapi/na{PARTICIPATIONS}", {"x-amz-access-token": token}
    amazon.control("expire", {"sellerId": SELLER})
    assert call_address(gateway, path, headers=headers).status == 200
    assert [call["status"] for call in forwarded(amazon)] == [403, 200]
    gateway.clock.step(3550)
    token = stand_in(gateway, seller_id=SELLER)
    report = b'{"reportType": "GET_REPORT", "marketplaceIds": ["ATVPDKIKX0DER"]}'
    headers = {"x-amz-access-token": token, "Content-Type": "application/json"}
    reports = "/spapi/na/reports/2021-06-30/reports"
    assert call_address(gateway, reports, "POST", report, headers).status == 202
    assert len(amazon.refreshes()) == 2  # before it was sent: the former had less than a minute left
    amazon.control("expire", {"sellerId": SELLER})
    ended = call_address(gateway, reports, "POST", report, headers)
    assert (ended.status, ended.headers["x-gateway-reason"]) == (403, "token_expired")
    assert call_address(gateway, reports, "POST", report, headers).status == 202


def test_a_revoked_store_is_told_with_the_way_out(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """As Amazon tells of a token that is no good any more; a library asks for another, and is told again."""
    amazon.control("revoke", {"sellerId": SELLER})
    for _ in range(2):
        answer = call_address(gateway, f"/spapi/na{PARTICIPATIONS}", headers={"x-amz-access-token": token})
        refused(answer, 403, "store_revoked", "authorizeUrl: ", amazon.url)
        assert answer.error["code"] == "Unauthorized"


def test_calls_are_written_down_without_their_path(gateway: Gateway, amazon: Amazon, token: str) -> None:
    """The audit names who called for what; what a caller put into the address stays there."""
    call_address(gateway, f"/spapi/na{PARTICIPATIONS}?secret=yes", headers={"x-amz-access-token": token})
    gateway.vault.audit.flush()
    entries, _ = gateway.vault.audit.newest(10)
    (entry,) = [each for each in entries if each.action == "/spapi/{region}/{path}"]
    assert (entry.who, entry.subject, entry.outcome) == ("owner", f"{SELLER} NA", "ok")


def test_twenty_megabytes_pass_where_the_owner_lets_them(amazon: Amazon, tmp_path: Path) -> None:
    """Both ways, byte for byte; where not, it is told in Amazon's shape."""
    body = bytes(range(256)) * (80 * 1024)
    with running_gateway(amazon, tmp_path, proxy_largest_request=24 * 1024 * 1024) as gateway:
        gateway.authorize_store()
        amazon.control("ledger/reset", {})
        headers = {"x-amz-access-token": stand_in(gateway, seller_id=SELLER)}
        text = base64.b64encode(body).decode()
        amazon.fault({"status": 200, "bodyBase64": text}, host=SP_HOST)
        answer = call_address(gateway, "/spapi/na/feeds/2021-06-30/feeds", "POST", body, headers)
        assert (answer.status, answer.body == body) == (200, True)
        (call,) = forwarded(amazon)
        assert call["bodyPrint"] == hashlib.sha256(body).hexdigest()
        too_large = call_address(
            gateway, "/spapi/na/feeds/2021-06-30/feeds", "POST", body + body[: 5 * 1024 * 1024], headers
        )
        refused(too_large, 413, "body_too_large")
        assert too_large.error["code"] == "RequestTooLarge"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765/spapi/na", "ocalhost:8765/spapi/na", "gateway.example/spapi/eu/"]
)
def test_the_host_that_a_library_cuts_out_of_its_address_is_taken(
    gateway: Gateway, token: str, host: str
) -> None:
    """python-amazon-sp-api sends so; no page of a browser's can."""
    headers = {"x-amz-access-token": token}
    with http() as session:
        answer = session.get(f"{gateway.url}/spapi/na{PARTICIPATIONS}", headers=headers | {"Host": host})
        assert answer.status_code == 200
        answer = session.get(
            f"{gateway.url}/spapi/na{PARTICIPATIONS}", headers=headers | {"Host": "evil.example"}
        )
    assert (answer.status_code, answer.headers["X-Gateway-Reason"]) == (403, "host_not_allowed")


def test_a_program_changes_two_addresses(gateway: Gateway, amazon: Amazon) -> None:
    """Token and call as it makes them at Amazon: a handle at the door, what it gets at the address."""
    wanted = {
        "grant_type": "refresh_token",
        "client_id": "-",
        "client_secret": gateway.keys["owner"],
        "refresh_token": f"proxy:store:{SELLER}:NA",
    }
    with http() as session:
        token = session.post(f"{gateway.url}/auth/o2/token", data=wanted).json()["access_token"]
        headers = {"x-amz-access-token": token}
        answer = session.get(f"{gateway.url}/spapi/na{PARTICIPATIONS}", headers=headers)
    assert (answer.status_code, len(answer.json()["payload"]) > 1) == (200, True)
    assert amazon.refreshes() == []
