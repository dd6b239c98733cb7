"""The call to the gateway: bounded in time and size, kept to its address, repeated where that is safe."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from linkfox_client.config import HOSTED
from linkfox_client.errors import ClientError
from linkfox_client.gateway import parallel
from linkfox_client.gateway.client import Gateway
from linkfox_client.gateway.settings import Settings
from linkfox_client.secrets.masking import Secrets
from linkfox_client.secrets.secret import Secret

from tests.support.fake_gateway import ACCESS, KEY, NOBODYS_PORT, FakeGateway, Handler, fake_gateway, tokens

PATH = "/spApi/storeTokens"


class Clock:
    """A clock that a pause moves on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """Time that only the test moves."""
    return Clock()


def client(url: str, clock: Clock, **more: Any) -> Gateway:
    """A client for this address."""
    chosen = Settings(url, Secret(KEY), "test", "test")
    options = {"environ": {}, "secrets": Secrets(), "sleep": clock.sleep, "clock": clock, **more}
    return Gateway(chosen, **options)


@pytest.fixture
def called(gateway: FakeGateway, clock: Clock) -> Iterator[Gateway]:
    """A client of the fake gateway."""
    with client(gateway.url, clock) as connected:
        yield connected


def failure_of(call: Gateway, path: str = PATH) -> ClientError:
    """The failure of a call that cannot succeed; it never repeats the key."""
    with pytest.raises(ClientError) as caught:
        call.post(path, {})
    assert KEY not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value


def test_the_key_and_the_body_are_sent_and_the_tokens_come_as_secrets(
    gateway: FakeGateway, called: Gateway
) -> None:
    """The whole way once."""
    gateway.answers[PATH] = (200, tokens())
    answer = called.post(PATH, {"sellerId": "A1"})
    assert gateway.calls[0].headers["Authorization"] == KEY
    assert gateway.calls[0].headers["Content-Type"] == "application/json"
    assert gateway.calls[0].body == {"sellerId": "A1"}
    assert isinstance(answer["accessToken"], Secret)
    assert isinstance(answer["refreshToken"], Secret)
    assert answer["expiresIn"] == 3000


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nX-Other: 1", False),
        ("nonsense", False),
    ],
)
def test_the_trace_of_the_environment_goes_on(
    named: str, sent: bool, gateway: FakeGateway, clock: Clock
) -> None:
    """As W3C's `traceparent`, so that the gateway's log belongs to it; what is malformed is not sent."""
    gateway.answers[PATH] = (200, tokens())
    with client(gateway.url, clock, environ={"TRACEPARENT": named}) as traced:
        traced.post(PATH, {})
    assert gateway.calls[0].headers.get("traceparent") == (named if sent else None)


def test_a_netrc_does_not_replace_the_key(
    gateway: FakeGateway, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which requests would prefer to a header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password planted\ndefault login user password planted\n")
    monkeypatch.setenv("NETRC", str(netrc))
    gateway.answers[PATH] = (200, tokens())
    with client(gateway.url, clock) as connected:
        connected._session.trust_env = True  # as for a gateway elsewhere
        monkeypatch.setenv("NO_PROXY", "*")
        connected.post(PATH, {})
    assert gateway.calls[0].headers["Authorization"] == KEY


def test_a_proxy_does_not_catch_loopback(
    gateway: FakeGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies are for elsewhere."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{NOBODYS_PORT}")
    gateway.answers[PATH] = (200, tokens())
    with client(gateway.url, clock) as connected:
        assert connected.post(PATH, {})["sellerId"] == "A1"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed_with_the_key(status: int, clock: Clock) -> None:
    """Neither elsewhere nor to the same place; and where it leads is not repeated."""
    with fake_gateway() as stranger, fake_gateway() as gateway, client(gateway.url, clock) as connected:
        gateway.answers[PATH] = (status, b"<html>moved</html>")
        gateway.headers["Location"] = stranger.url + PATH
        failure = failure_of(connected)
        assert failure.code == "gateway_failed"
        assert "redirect" in failure.message
        assert len(gateway.calls) == 1
        assert stranger.calls == []


def test_cookies_are_not_kept(gateway: FakeGateway, called: Gateway) -> None:
    """The key is all that says who calls."""
    gateway.headers["Set-Cookie"] = "session=1; Path=/"
    gateway.answers[PATH] = (200, tokens())
    called.post(PATH, {})
    called.post(PATH, {})
    assert "Cookie" not in gateway.calls[1].headers


def test_a_gateway_that_is_down_is_tried_three_times(clock: Clock) -> None:
    """A refused connection sent nothing, so it may be repeated."""
    with client(f"http://127.0.0.1:{NOBODYS_PORT}", clock) as connected:
        failure = failure_of(connected)
    assert failure.code == "gateway_failed"
    assert failure.retryable
    assert "refused" in failure.message
    assert len(clock.pauses) == 2


def raw(text: bytes) -> Callable[[Handler], None]:
    """An answer written to the socket as it is, after which the connection is closed."""

    def write(handler: Handler) -> None:
        handler.wfile.write(text)
        handler.close_connection = True

    return write


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"accessToken": "x',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"accessToken": ',
        b"nonsense\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_not_asked_for_again(
    written: bytes, gateway: FakeGateway, called: Gateway, clock: Clock
) -> None:
    """The gateway may have done its work, so the user decides."""
    gateway.answers[PATH] = raw(written)
    failure = failure_of(called)
    assert failure.code == "gateway_failed"
    assert failure.retryable
    assert len(gateway.calls) == 1
    assert clock.pauses == []


def test_a_gateway_that_says_nothing_is_a_timeout(gateway: FakeGateway, clock: Clock) -> None:
    """Exit 8, and it may be tried again."""
    release = threading.Event()
    gateway.answers[PATH] = lambda handler: release.wait(30)
    with client(gateway.url, clock, timeouts=(1.0, 0.05)) as connected:
        failure = failure_of(connected)
    release.set()
    assert (failure.code, failure.exit_code, failure.retryable) == ("timeout", 8, True)
    assert len(gateway.calls) == 1


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "chunks", "header", "100 Continue"],
)
def test_an_answer_that_drips_ends_at_the_deadline(begun: bytes, drop: bytes, gateway: FakeGateway) -> None:
    """Each byte comes in time, but all of them would take for ever: no more is waited for after 60 s."""

    class Hurried(Clock):
        def __call__(self) -> float:
            self.now += 40
            return self.now

    gateway.answers[PATH] = raw(begun + 10 * drop)
    with client(gateway.url, Hurried()) as connected:
        assert failure_of(connected).code == "timeout"


def test_an_answer_of_thirty_megabytes_is_dropped_on_the_way(gateway: FakeGateway, called: Gateway) -> None:
    """After 8 MB nothing more is read."""
    sent = 0

    def pour(handler: Handler) -> None:
        nonlocal sent
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 31457280\r\n\r\n")
        for _ in range(30):
            handler.wfile.write(b" " * 1048576)
            sent += 1

    gateway.answers[PATH] = pour
    failure = failure_of(called)
    assert failure.code == "gateway_failed"
    assert not failure.retryable
    assert "8 MB" in failure.message


def test_a_503_is_tried_again_and_a_short_retry_after_is_kept(
    gateway: FakeGateway, called: Gateway, clock: Clock
) -> None:
    """First as long as the gateway says, else a little."""
    gateway.headers["Retry-After"] = "4"
    gateway.answers[PATH] = [(503, b"busy"), (503, b"busy"), (200, tokens())]
    assert called.post(PATH, {})["sellerId"] == "A1"
    assert clock.pauses == [4.0, 4.0]


@pytest.mark.parametrize("reason", ["suspended_app", "app_not_configured"])
def test_a_503_that_is_final_is_not_tried_again(
    reason: str, gateway: FakeGateway, called: Gateway, clock: Clock
) -> None:
    """The gateway says itself that asking again is of no use."""
    gateway.answers[PATH] = (503, {"errcode": 1003, "errmsg": "x", "reason": reason})
    assert not failure_of(called).retryable
    assert len(gateway.calls) == 1


@pytest.mark.parametrize("odd", [[], {}, 7, None])
def test_a_503_with_odd_fields_is_tried_again_like_any(
    odd: object, gateway: FakeGateway, called: Gateway
) -> None:
    """Whatever stands in what should be a word."""
    gateway.answers[PATH] = [(503, {"status": odd, "reason": odd}), (200, tokens())]
    assert called.post(PATH, {})["sellerId"] == "A1"


def test_a_429_is_repeated_only_after_a_short_wait_that_it_names(
    gateway: FakeGateway, called: Gateway, clock: Clock
) -> None:
    """Without a number, or with a long one, the user decides; the wait is told."""
    gateway.answers[PATH] = (429, {"errcode": 1003, "errmsg": "slow down", "reason": "amazon_throttled"})
    assert failure_of(called).code == "throttled"
    gateway.headers["Retry-After"] = "120"
    failure = failure_of(called)
    assert "120 seconds" in failure.message
    assert failure.retryable
    assert clock.pauses == []
    gateway.headers["Retry-After"] = "2"
    failure_of(called)
    assert clock.pauses == [2.0, 2.0]
    assert len(gateway.calls) == 5


@pytest.mark.parametrize("header", ["-1", "1e9", "Fri, 31 Dec 2027 23:59:59 GMT", "９", "nan", "9" * 400])
def test_a_strange_retry_after_is_no_number(
    header: str, gateway: FakeGateway, called: Gateway, clock: Clock
) -> None:
    """It is neither kept nor a reason to stumble."""
    gateway.headers["Retry-After"] = header.encode().decode("latin-1")
    gateway.answers[PATH] = (429, {})
    assert failure_of(called).code == "throttled"
    assert clock.pauses == []


@responses.activate
def test_the_hosted_gateway_is_called_at_its_address(clock: Clock) -> None:
    """And known for what it is."""
    responses.post(HOSTED + PATH, json={"errcode": 200, "accessToken": ACCESS, "expiresIn": "3600"})
    with client(HOSTED, clock) as connected:
        assert connected.is_hosted
        assert connected.origin == HOSTED
        assert connected.post(PATH, {})["expiresIn"] == 3600


@responses.activate
@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        ("SSLError", "gateway_failed", "certificate"),
        ("ProxyError", "gateway_failed", "proxy"),
        ("ConnectTimeout", "timeout", "in time"),
        ("ReadTimeout", "timeout", "in time"),
        ("ChunkedEncodingError", "gateway_failed", "broke off"),
        ("InvalidHeader", "gateway_failed", "broke off"),
    ],
)
def test_each_fault_of_the_way_has_its_words(error: str, code: str, word: str, clock: Clock) -> None:
    """What requests raises is told in our words."""
    import requests

    responses.post(HOSTED + PATH, body=getattr(requests.exceptions, error)(f"with {KEY}"))
    with client(HOSTED, clock) as connected:
        failure = failure_of(connected)
    assert failure.code == code
    assert word in failure.message


def test_a_sandbox_is_known_from_its_answers(gateway: FakeGateway, called: Gateway) -> None:
    """The mark is passed on, and remembered for what the script puts together itself."""
    gateway.answers[PATH] = (200, tokens(sandbox=True))
    assert not called.sandbox
    assert called.post(PATH, {})["sandbox"] is True
    assert called.sandbox


def test_many_at_once_keep_their_order_and_failures_and_are_bounded() -> None:
    """Never more than the workers."""
    running, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(3, timeout=30)

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1
        if number % 2:
            raise ClientError("not_found", str(number))
        return number

    results = parallel.run(work, range(9), workers=3)
    assert most <= 3
    assert [getattr(result, "message", result) for result in results] == [
        str(number) if number % 2 else number for number in range(9)
    ]
    assert parallel.run(work, []) == []


def test_many_at_once_raise_what_is_no_failure_of_the_gateway() -> None:
    """A fault of the program is not hidden among the results."""

    def work(number: int) -> int:
        return 1 // number

    with pytest.raises(ZeroDivisionError):
        parallel.run(work, [1, 0])


def test_many_calls_use_few_connections(gateway: FakeGateway, called: Gateway) -> None:
    """The session is pooled: as many connections as workers, not as calls."""
    ports: set[int] = set()

    def answer(handler: Handler) -> None:
        ports.add(handler.client_address[1])
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    gateway.answers[PATH] = answer
    parallel.run(lambda number: called.post(PATH, {}), range(40), workers=4)
    assert len(gateway.calls) == 40
    assert len(ports) <= 4
