"""Behind a load balancer: what `X-Forwarded-For` and `X-Forwarded-Proto` change, and from whom they count."""

import http.client
import json
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import urlsplit

import pytest

from gateway.asgi.failed_keys import MOST_FAILURES
from tests.support.gateway_server import Amazon
from tests.support.house import PATIENCE, until
from tests.support.replicas import Replica, Replicas, replicas

BAD_KEY = "lfx_local_" + "x" * 43
CALLER = "203.0.113.9"
# Each of them is on loopback here, as the test is. 192.0.2.0/24 is nobody's.
NAMED = ["127.0.0.1", "192.0.2.1, 127.0.0.0/8"]
NOT_NAMED = ["", "192.0.2.1"]


Start = Callable[..., Replica]


@pytest.fixture(scope="module")
def start(amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a gateway with these settings; tests that want the same ones share it."""
    with replicas(tmp_path_factory.mktemp("proxies"), "", amazon_process) as together:
        yield cache(together.add)


def ask(replica: Replica, method: str, path: str, forwarded: dict[str, str]) -> http.client.HTTPResponse:
    """Send a request with a key that nobody has, as a proxy on loopback would pass it on."""
    connection = http.client.HTTPConnection(urlsplit(replica.url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, "{}", {"Authorization": BAD_KEY, **forwarded})
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def fail(replica: Replica, forwarded_for: str) -> int:
    """Present a key that is not valid, from the addresses that the header names; return the status."""
    return ask(replica, "POST", "/spApi/authorizedStores", {"X-Forwarded-For": forwarded_for}).status


def exhaust(replica: Replica, forwarded_for: str) -> None:
    """Fail as often as one address may."""
    assert {fail(replica, forwarded_for) for _ in range(MOST_FAILURES)} == {401}


@pytest.mark.parametrize("named", NAMED)
def test_failures_count_for_the_caller_behind_a_named_proxy(start: Start, named: str) -> None:
    """One caller who has failed too often waits; another one behind the same proxy does not."""
    replica = start(GATEWAY_TRUSTED_PROXIES=named)
    exhaust(replica, CALLER)
    assert fail(replica, CALLER) == 429
    assert fail(replica, "203.0.113.10") == 401


@pytest.mark.parametrize("named", NOT_NAMED)
def test_nobody_else_says_where_a_caller_comes_from(start: Start, named: str) -> None:
    """Whoever writes other addresses into the header stays one source, that of the connection."""
    replica = start(GATEWAY_TRUSTED_PROXIES=named)
    exhaust(replica, CALLER)
    assert fail(replica, "203.0.113.10") == 429


def test_of_a_chain_the_last_address_that_is_no_proxy_counts(start: Start) -> None:
    """What stands left of it was written by the caller, and changes nothing; further proxies are left out."""
    replica = start(GATEWAY_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8")
    codes = [fail(replica, f"198.51.100.{number}, {CALLER}") for number in range(MOST_FAILURES)]
    assert set(codes) == {401}
    assert fail(replica, f"127.0.0.1, {CALLER}, 10.1.2.3") == 429
    assert fail(replica, "198.51.100.0") == 401


@pytest.mark.parametrize(("named", "source"), [(NAMED[0], CALLER), (NOT_NAMED[1], "127.0.0.1")])
def test_the_audit_names_where_a_bad_key_came_from(direct: Replicas, named: str, source: str) -> None:
    """The caller's address behind a named proxy; else that of the connection."""
    replica = direct.add(GATEWAY_TRUSTED_PROXIES=named)
    assert fail(replica, CALLER) == 401
    assert until(
        lambda: direct.select("SELECT subject, outcome FROM audit WHERE action LIKE '/%'"), "it is noted"
    ) == [(source, "unauthorized")]


@pytest.mark.parametrize(
    ("named", "secure"), [(NAMED[0], True), (NOT_NAMED[0], False), (NOT_NAMED[1], False)]
)
def test_a_cookie_is_for_https_alone_where_a_named_proxy_ends_tls(
    start: Start, named: str, secure: bool
) -> None:
    """The scheme that a named proxy tells decides whether the sign-in's cookie is Secure."""
    replica = start(GATEWAY_TRUSTED_PROXIES=named)
    told = {"X-Forwarded-For": CALLER, "X-Forwarded-Proto": "https"}
    cookie = ask(replica, "GET", "/signin", told).getheader("Set-Cookie", "")
    assert cookie.startswith("__Host-") is secure
    assert ("; Secure" in cookie) is secure


def test_links_are_built_on_the_public_address_whatever_a_request_says(start: Start) -> None:
    """A consent link's callback does not follow the scheme or host of headers, a named proxy's either."""
    replica = start(GATEWAY_TRUSTED_PROXIES="127.0.0.1", GATEWAY_PUBLIC_URL="https://gateway.example.com")
    connection = http.client.HTTPConnection(urlsplit(replica.url).netloc, timeout=PATIENCE)
    told = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    body = json.dumps({"sellerName": "S", "region": "NA"})
    connection.request("POST", "/spApi/authorizeUrl", body, {"Authorization": replica.key(), **told})
    link = json.loads(connection.getresponse().read())["authorizeUrl"]
    connection.close()
    assert "https%3A%2F%2Fgateway.example.com%2FspApi%2Foauth%2Fcallback" in link
    assert "evil" not in link
