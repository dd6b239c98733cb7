"""Bodies at the addresses are passed on while they come, and whoever is slow or goes away holds up nobody."""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest

from gateway.amazon.deadline import Deadline
from gateway.amazon.uploads import Upload
from gateway.applications.shares import Shares
from gateway.errors import Problem
from gateway.proxy import service
from gateway.server import write_watch
from tests.support.addresses import connect
from tests.support.calling import SELLER
from tests.support.clock import SteppingClock
from tests.support.gateway_server import Amazon, Gateway
from tests.support.house import until
from tests.support.live_amazon import LiveAmazon, live_gateway

FEEDS = "/spapi/na/feeds/2021-06-30/feeds"
ORDERS = "/spapi/na/orders/v0/orders"
MEGABYTE = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
SIZED, CHUNKED = b"Content-Length: 2000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n100\r\n"


@pytest.fixture(scope="module")
def beside(
    amazon_process: Amazon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, LiveAmazon]]:
    """A gateway where each user has one place, and nobody waits for one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "Shares", lambda _most: Shares(1, longest_wait=0.0))
        with live_gateway(amazon_process, tmp_path_factory.mktemp("live")) as both:
            yield both


@pytest.fixture
def gateway(beside: tuple[Gateway, LiveAmazon]) -> Gateway:
    """That gateway."""
    return beside[0]


@pytest.fixture
def live(beside: tuple[Gateway, LiveAmazon]) -> LiveAmazon:
    """What its calls come to."""
    return beside[1]


def begin(
    gateway: Gateway, target: str, method: str = "GET", body: bytes = b"", **more: str
) -> socket.socket:
    """Send a request, or the beginning of one, on a connection of its own."""
    address = urlsplit(gateway.url)
    line = socket.create_connection((address.hostname, address.port), timeout=30)
    named = {"Host": "127.0.0.1", "Authorization": gateway.keys["owner"], "X-Store": SELLER, **more}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name.replace('_', '-')}: {named[name]}" for name in named)]
    line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return line


def received(line: socket.socket, end: bytes) -> bytes:
    """What comes of an answer up to these bytes."""
    taken = b""
    while end not in taken:
        piece = line.recv(1_000_000)
        assert piece, "the answer has ended"
        taken += piece
    return taken


def has_a_place(gateway: Gateway, live: LiveAmazon) -> bool:
    """Whether the user's next call finds one; if so it is answered, and all is as before."""
    with begin(gateway, ORDERS) as line:
        call = live.call_before(line)
        if call is None:
            assert b" 429 " in received(line, b"\r\n")
            return False
        call.send(OK + b"Content-Length: 2\r\n\r\n{}")
        call.close()
        return b" 200 " in received(line, b"\r\n")


def test_an_answer_is_passed_on_while_it_comes(gateway: Gateway, live: LiveAmazon) -> None:
    """What Amazon has sent is with the client before Amazon sends the rest."""
    with begin(gateway, ORDERS) as line:
        call = live.call()
        call.send(OK + b"Content-Length: 8\r\n\r\nhalf")
        assert b"content-length: 8\r\n" in received(line, b"half")
        call.send(b"rest")
        assert received(line, b"rest") == b"rest"


def test_an_answer_without_a_length_is_passed_on_likewise(gateway: Gateway, live: LiveAmazon) -> None:
    """In chunks, and its end is an end."""
    with begin(gateway, ORDERS) as line:
        call = live.call()
        call.send(OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        assert b"transfer-encoding: chunked" in received(line, b"half")
        call.send(b"4\r\nrest\r\n0\r\n\r\n")
        assert received(line, b"0\r\n\r\n").endswith(b"rest\r\n0\r\n\r\n")
    assert has_a_place(gateway, live)


@pytest.mark.parametrize("framing", [SIZED, CHUNKED], ids=["with a length", "in chunks"])
def test_an_answer_that_amazon_cuts_off_is_no_whole_one(
    gateway: Gateway, live: LiveAmazon, framing: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """In its beginning it is a refusal; after that the connection ends, which every client notices.

    The log says so in a line, as of every failure of Amazon's, and not that the gateway has a defect.
    """
    with begin(gateway, ORDERS) as line:
        call = live.call()
        call.send(OK + framing)
        call.close()
        refusal = received(line, b"details")
        assert refusal.startswith(b"HTTP/1.1 502 ")
        assert b"x-gateway-reason: amazon_failed" in refusal.lower()
    with closing(connect(gateway)) as connection:
        connection.putrequest("GET", ORDERS)
        connection.putheader("Authorization", gateway.keys["owner"])
        connection.putheader("X-Store", SELLER)
        connection.endheaders()
        call = live.call()
        call.send(OK + framing + b"x" * 200)
        with connection.getresponse() as response:
            assert response.read(100) == b"x" * 100
            call.close()
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                response.read()
    until(lambda: has_a_place(gateway, live), "the place is free again")
    assert "proxy_failed" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_client_that_goes_away_ends_the_call(gateway: Gateway, live: LiveAmazon) -> None:
    """Amazon's connection is closed with the next piece, and the place is free."""
    with begin(gateway, ORDERS) as line:
        call = live.call()
        call.send(OK + CHUNKED + b"x" * 256 + b"\r\n")
        received(line, b"xxx")
        assert not has_a_place(gateway, live)
    with suppress(ConnectionError):
        while True:
            call.send(b"100\r\n" + b"x" * 256 + b"\r\n")
            if call.is_ended():
                break
    until(lambda: has_a_place(gateway, live), "the place is free again")


def test_an_answer_that_is_not_read_costs_little_until_its_client_is_given_up(
    gateway: Gateway, live: LiveAmazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amazon is read no faster than the client reads: what is between them are a piece and the networks'."""
    monkeypatch.setattr(write_watch, "STALLED_SECONDS", 0.05)
    with begin(gateway, ORDERS) as line:
        call = live.call()
        call.send(OK + b"Content-Length: 400000000\r\n\r\n")
        sent = call.send_until_it_ends(400_000_000)
        assert sent < 100_000_000
        until(lambda: has_a_place(gateway, live), "the place is free again")
        with suppress(ConnectionResetError):
            while line.recv(1_000_000):
                pass


def test_the_time_that_a_client_takes_is_not_amazon_s() -> None:
    """Only what is waited for Amazon counts against the time of a call."""
    clock = SteppingClock()
    deadline = Deadline(10, clock.now)
    for _ in range(3):
        with deadline.counting():
            clock.step(3)
        clock.step(1000)
    with deadline.counting():
        assert deadline.left == 1
        clock.step(2)
    with pytest.raises(TimeoutError), deadline.counting():
        raise AssertionError("there was time left")


def test_a_large_body_is_sent_on_while_it_comes(gateway: Gateway, live: LiveAmazon) -> None:
    """Amazon has its beginning, with its length, before the client has sent the end."""
    body = bytes(range(256)) * (12 * 1024)
    half = len(body) // 2
    length = str(len(body))
    with begin(gateway, FEEDS, "POST", body[:half], Content_Length=length, Content_Type="text/csv") as line:
        call = live.call()
        assert f"content-length: {length}\r\n" in call.head.lower() + "\r\n"
        assert "content-type: text/csv\r\n" in call.head.lower() + "\r\n"
        assert call.take(MEGABYTE) == body[:MEGABYTE]
        line.sendall(body[half:])
        assert call.take(len(body) - MEGABYTE) == body[MEGABYTE:]
        call.send(OK + b"Content-Length: 2\r\n\r\n{}")
        assert b" 200 " in received(line, b"{}")


def test_a_client_that_goes_away_in_the_middle_of_its_body_has_sent_nothing(
    gateway: Gateway, live: LiveAmazon
) -> None:
    """Amazon gets no request that looks whole, and the place is free."""
    with begin(gateway, FEEDS, "POST", b"x" * (2 * MEGABYTE), Content_Length=str(3 * MEGABYTE)):
        call = live.call()
        call.take(MEGABYTE)
    rest = call.rest()
    assert len(rest) < 2 * MEGABYTE
    until(lambda: has_a_place(gateway, live), "the place is free again")


def test_a_client_that_is_slow_to_send_a_small_body_holds_no_place(
    gateway: Gateway, live: LiveAmazon
) -> None:
    """It is called when the body is there."""
    with begin(gateway, FEEDS, "POST", b"{", Content_Length="2") as line:
        assert has_a_place(gateway, live)
        line.sendall(b"}")
        call = live.call()
        assert call.take(2) == b"{}"
        call.send(OK + b"Content-Length: 2\r\n\r\n{}")
        assert b" 200 " in received(line, b"{}")


def test_a_client_that_stops_sending_is_given_up() -> None:
    """At the end of the call's time, which its thread and its place are then free of."""

    async def story() -> None:
        async def nothing() -> bytes:
            return await asyncio.Event().wait() or b""

        upload = Upload(b"begin", 10, nothing)
        clock = SteppingClock()
        deadline = Deadline(10, clock.now)

        def send() -> list[bytes]:
            with deadline.counting():
                pieces = upload.pieces(deadline)
                first = next(pieces)
                clock.step(11)
                return [first, *pieces]

        with pytest.raises(Problem) as told:
            await asyncio.to_thread(send)
        assert told.value.reason == "request_timeout"

    asyncio.run(story())


def test_a_body_whose_length_is_not_said_has_one_at_amazon(gateway: Gateway, live: LiveAmazon) -> None:
    """It is taken as a whole first."""
    chunks = b"5\r\n[1,2,\r\n2\r\n3]\r\n0\r\n\r\n"
    with begin(gateway, FEEDS, "POST", chunks, Transfer_Encoding="chunked") as line:
        call = live.call()
        assert "content-length: 7\r\n" in call.head.lower() + "\r\n"
        assert "transfer-encoding" not in call.head.lower()
        assert json.loads(call.take(7)) == [1, 2, 3]
        call.send(OK + b"Content-Length: 2\r\n\r\n{}")
        assert b" 200 " in received(line, b"{}")


def test_an_answer_before_the_end_of_the_body_is_passed_on(gateway: Gateway, live: LiveAmazon) -> None:
    """As Amazon refuses a body that is too large for it."""
    with begin(gateway, FEEDS, "POST", b"x" * (2 * MEGABYTE), Content_Length=str(3 * MEGABYTE)) as line:
        call = live.call()
        call.take(2 * MEGABYTE)
        call.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        line.sendall(b"x" * MEGABYTE)
        assert b" 413 " in received(line, b"{}")
    until(lambda: has_a_place(gateway, live), "the place is free again")
