"""The one way out to Amazon: what it refuses, what it gives up on, and what it never tells."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.login_with_amazon import Client, LoginWithAmazon
from gateway.amazon.session import AmazonAnswer, AmazonSession
from gateway.util.counters import AmazonCall
from gateway.util.secret import Secret
from tests.support.certificates import self_signed
from tests.support.clock import START, SteppingClock

SECRET = "amzn1.oa2-cs.v1." + "5" * 64
CLIENT = Client("spapi", "NA", "client", Secret(SECRET))


@contextmanager
def answering(*answers: bytes, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A server that sends one raw answer for each connection, and keeps what it was sent."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                with connection:
                    received.append(_whole_request(connection))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
        thread.join(10)


def _whole_request(connection: socket.socket) -> bytes:
    """Read a request to the end of its body, which may come in a packet of its own."""
    request = b""
    while part := connection.recv(65536):
        request += part
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= int(length.group(1) if length else 0):
            break
    return request


def whole(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """A complete HTTP answer."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode()
        + body
    )


def failure_of(origin: str, **options: float) -> AmazonFailure:
    """How a GET fails."""
    session = AmazonSession(origin, **options)
    try:
        with pytest.raises(AmazonFailure) as caught:
            session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH)
    finally:
        session.close()
    return caught.value


def test_a_redirect_is_not_followed() -> None:
    """It is an answer like any other, and the secret goes nowhere else."""
    with answering(whole(b"", "302 Found", "Location: http://127.0.0.1:1/elsewhere\r\n")) as (origin, _):
        session = AmazonSession(origin)
        assert session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH).status == 302
        session.close()


def test_an_answer_that_is_too_large_is_given_up() -> None:
    """Without reading all of it."""
    with answering(whole(b"x" * 200_000)) as (origin, _):
        assert failure_of(origin, largest_answer=100_000).kind == "unusable"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_broken_answer_is_unavailable(answer: bytes) -> None:
    """Cut off, badly coded, or no HTTP at all."""
    with answering(answer) as (origin, _):
        assert failure_of(origin).kind == "unavailable"


def test_nobody_there_is_unavailable() -> None:
    """A refused connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert failure_of(f"http://127.0.0.1:{port}").kind == "unavailable"


@contextmanager
def endless(beginning: bytes, piece: bytes) -> Iterator[str]:
    """A server whose answer never ends: a piece of it comes again and again, until nobody takes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                _whole_request(connection)
                connection.sendall(beginning)
                while True:
                    connection.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive(), "the connection is still open"


ENDLESS = [
    # Long ones: newer Pythons give up after a hundred of them by themselves.
    (b"", b"HTTP/1.1 100 Continue\r\nX: " + 60_000 * b"a" + b"\r\n\r\n"),
    (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
]


@pytest.mark.parametrize(("beginning", "piece"), ENDLESS, ids=["100 Continue", "headers", "body"])
@pytest.mark.parametrize("way", ["request", "open"])
def test_an_answer_that_trickles_ends_at_the_total_time(beginning: bytes, piece: bytes, way: str) -> None:
    """Each piece comes in time, and all of them would take for ever, whatever part of the answer they are."""
    clock = SteppingClock()

    def passing() -> float:
        clock.step(10)
        return clock.now()

    with endless(beginning, piece) as origin:
        session = AmazonSession(origin, monotonic=passing)

        def ask() -> None:
            if way == "request":
                session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH)
                return
            answer = session.open(
                "GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH, headers={}, body=None, timeout=25
            )
            with closing(answer):
                while answer.read(10, decode=True):
                    pass

        with pytest.raises(AmazonFailure, match="did not answer in time") as caught:
            ask()
        session.close()
    assert caught.value.kind == "unavailable"
    # Each look takes ten seconds of a total of 25; those between two reads and around all do not count.
    assert clock.now() - START <= 80


def test_an_answer_that_does_not_begin_ends_at_the_time_for_reading() -> None:
    """However long a connection may take."""
    ended = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                _whole_request(connection)
                connection.settimeout(10)
                ended.append(connection.recv(1))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert failure_of(origin, connect_timeout=60, read_timeout=0.05).kind == "unavailable"
        thread.join()
    assert ended == [b""]


def test_no_exception_holds_what_was_sent() -> None:
    """Neither its text nor what caused it: exceptions end up in logs."""
    with answering(b"") as (origin, received):
        session = AmazonSession(origin)
        with pytest.raises(AmazonFailure) as caught:
            LoginWithAmazon(session, SteppingClock()).refresh(CLIENT, Secret("Atzr|" + "7" * 60))
        session.close()
    assert SECRET.encode() in received[0]
    assert SECRET not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_netrc_and_proxies_do_not_touch_loopback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy would see the secret, and .netrc would replace the Authorization header."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with answering(whole(b"[]")) as (origin, received):
        session = AmazonSession(origin)
        session.request(
            "GET",
            "advertising-api.amazon.com",
            "/v2/profiles",
            call=AmazonCall.PROFILES,
            headers={"Authorization": "Bearer x"},
        )
        session.close()
    assert b"Authorization: Bearer x" in received[0]
    assert b"User-Agent: linkfox-amazon-auth" in received[0]
    assert received[0].startswith(b"GET /advertising-api.amazon.com/v2/profiles HTTP/1.1")


def test_cookies_are_not_kept() -> None:
    """Calls for different stores have nothing to do with each other."""
    with answering(whole(b"[]", headers="Set-Cookie: session=1\r\n"), whole(b"[]")) as (origin, received):
        session = AmazonSession(origin)
        session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH)
        session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH)
        session.close()
    assert b"ookie" not in received[1]


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0", 0), ("99999", 3600), ("-1", None), ("soon", None), ("٣", None)]
)
def test_retry_after_is_read_where_it_makes_sense(header: str, seconds: int | None) -> None:
    """Whole seconds, an hour at most."""
    assert AmazonAnswer(429, {"retry-after": header}, b"").retry_after == seconds


def test_a_proxy_of_the_environment_leads_to_amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the password that it wants; TLS goes through it, so it sees nothing of the call."""
    with answering(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n") as (origin, received):
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("HTTPS_PROXY", origin.replace("://", "://user:word@"))
        monkeypatch.setenv("https_proxy", origin.replace("://", "://user:word@"))
        session = AmazonSession()
        with pytest.raises(AmazonFailure, match="could not be reached") as caught:
            LoginWithAmazon(session, SteppingClock()).refresh(CLIENT, Secret("Atzr|" + "7" * 60))
        session.close()
    assert caught.value.kind == "unavailable"
    assert received[0].startswith(b"CONNECT api.amazon.com:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk" in received[0]
    assert SECRET.encode() not in received[0]


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_that_the_environment_names_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    """As of a network whose proxy looks into TLS; by the same variables as everywhere else."""
    certificate, key = self_signed(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(certificate))
    monkeypatch.setenv("NO_PROXY", "localhost")
    with answering(whole(b"[]"), tls=tls) as (origin, _):
        session = AmazonSession()
        answer = session.request(
            "GET", f"localhost:{origin.rpartition(':')[2]}", "/x", call=AmazonCall.REFRESH
        )
        session.close()
    assert answer.json() == []


def test_certificates_that_are_named_and_not_there_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the variable that names them: nobody would look there for a connection that breaks off."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    session = AmazonSession()
    with pytest.raises(AmazonFailure, match="SSL_CERT_FILE names a file that is not there"):
        session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH)
    session.close()


def test_closing_ends_the_connections_that_are_kept() -> None:
    """A gateway that stops leaves none open at Amazon."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        session = AmazonSession(f"http://127.0.0.1:{listener.getsockname()[1]}")
        ended = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                _whole_request(connection)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                connection.settimeout(10)
                ended.append(connection.recv(1))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert session.request("GET", "api.amazon.com", "/x", call=AmazonCall.REFRESH).status == 200
        session.close()
        thread.join()
    assert ended == [b""]
