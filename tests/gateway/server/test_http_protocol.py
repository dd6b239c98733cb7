"""How answers are written to a connection."""

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.server.http_protocol import Protocol
from tests.support.connections import Connection, SteppedLoop

HEADERS = [(b"content-length", b"4")]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
FIRST = {"type": "http.response.body", "body": b"ab", "more_body": True}
LAST = {"type": "http.response.body", "body": b"cd"}


def _exchange(request: bytes, *messages: dict[str, Any], read: bool = False) -> Connection:
    """Answer requests of one connection with these messages each; return what the connection has seen."""

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        if read:
            await receive()
        for message in messages:
            await send(message)

    async def exchange() -> Connection:
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
        config.load()
        state, connection = ServerState(), Connection()
        protocol = Protocol(config, state, {})
        protocol.connection_made(connection)
        protocol.data_received(request)
        # To gather tasks that have ended would not let the loop take them away, from Python 3.12 on.
        while state.tasks:
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        return connection

    return asyncio.run(exchange())


def _request(method: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} / HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def test_the_head_leaves_with_the_first_piece() -> None:
    """The head and the first piece are one write, and what follows is written as it comes."""
    seen = _exchange(_request("GET"), START, FIRST, LAST)

    head, _, body = seen.written[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"ab"
    assert seen.written[1:] == [b"cd"]


def test_each_of_several_requests_gets_its_own() -> None:
    """Answers of one connection keep apart, in the order of their requests."""
    seen = _exchange(_request("GET") * 3, START, FIRST, LAST)

    assert [piece[-2:] for piece in seen.written] == [b"ab", b"cd"] * 3
    assert sum(piece.startswith(b"HTTP/1.1 200 ") for piece in seen.written) == 3


def test_head_is_answered_with_a_head_alone() -> None:
    """Nothing follows the head that it could wait for."""
    (head,) = _exchange(_request("HEAD"), START, FIRST, LAST).written

    assert head.endswith(b"\r\n\r\n")


def test_an_answer_without_a_body_is_written() -> None:
    """An empty body lets the head go, too."""
    (head,) = _exchange(
        _request("GET"),
        {"type": "http.response.start", "status": 204},
        {"type": "http.response.body"},
    ).written

    assert head.startswith(b"HTTP/1.1 204 ")
    assert head.endswith(b"\r\n\r\n")


def test_a_client_that_waits_for_it_is_told_to_go_on_first() -> None:
    """`100 Continue` is no answer's head, and leaves at once."""
    request = _request("POST", "Expect: 100-continue", "Content-Length: 0")

    seen = _exchange(request, START, FIRST, LAST, read=True)

    assert seen.written[0] == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"".join(seen.written[1:]).endswith(b"\r\n\r\nabcd")


def test_an_answer_that_breaks_off_keeps_its_head() -> None:
    """An application that ends too early has the connection closed, after what it sent."""
    seen = _exchange(_request("GET"), START)

    assert seen.closed
    assert b"".join(seen.written).endswith(b"\r\n\r\n")


def test_a_head_is_what_uvicorn_makes_of_it() -> None:
    """Names in lower case, in their order, and what ends the connection said once."""
    start = {
        "type": "http.response.start",
        "status": 201,
        "headers": [(b"X-Two", b"a\tb"), *HEADERS, (b"x-two", b"c")],
    }
    for version, end in (("1.1", b""), ("1.0", b"connection: close\r\n")):
        request = _request("GET").replace(b"HTTP/1.1", f"HTTP/{version}".encode())
        (head, *_) = _exchange(request, start, FIRST, LAST).written
        assert (
            head == b"HTTP/1.1 201 Created\r\nx-two: a\tb\r\ncontent-length: 4\r\nx-two: c\r\n%b\r\nab" % end
        )


def test_an_answer_that_closes_or_has_no_length_is_uvicorns() -> None:
    """It acts upon such headers, and writes a body in chunks whose length nobody knows."""
    closing = {**START, "headers": [*HEADERS, (b"Connection", b"close")]}
    seen = _exchange(_request("GET"), closing, FIRST, LAST)
    assert seen.closed
    assert b"".join(seen.written).count(b"connection: close") == 1
    seen = _exchange(_request("GET"), {**START, "headers": []}, FIRST, LAST)
    assert b"".join(seen.written).endswith(
        b"transfer-encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "header",
    [(b"x", b"a\r\nset-cookie: b"), (b"x", b"a\nb"), (b"x", b"a\x00b"), (b"x\r\ny", b"a"), (b"x y", b"a")],
)
def test_a_header_that_would_be_two_is_refused(header: tuple[bytes, bytes]) -> None:
    """The client sees a failure, and nothing of what was in the header."""
    seen = _exchange(_request("GET"), {**START, "headers": [*HEADERS, header]}, FIRST, LAST)

    written = b"".join(seen.written)
    assert b"set-cookie" not in written
    assert written == b"" or written.startswith(b"HTTP/1.1 500 ")
    assert seen.closed


def test_a_connection_is_ended_once_it_was_idle_for_long_enough() -> None:
    """Counted from its last answer, and never while a request is under way. One timer at a time."""
    let_go = asyncio.Event()

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await let_go.wait()
        for message in (START, FIRST, LAST):
            await send(message)

    async def exchange() -> None:
        config = uvicorn.Config(
            app, lifespan="off", ws="none", log_config=None, access_log=False, timeout_keep_alive=5
        )
        config.load()
        state, connection, loop = ServerState(), Connection(), SteppedLoop()
        protocol = Protocol(config, state, {}, loop)  # type: ignore[arg-type]
        protocol.connection_made(connection)

        async def answered(request: bytes) -> None:
            protocol.data_received(request)
            await asyncio.gather(*state.tasks)

        await answered(_request("GET"))
        for _ in range(3):
            loop.step(4)
            assert len(loop.calls) == 1
            await answered(_request("GET"))
        protocol.data_received(_request("GET").replace(b"/ ", b"/slow ", 1))
        loop.step(60)
        assert not connection.closed
        let_go.set()
        await asyncio.gather(*state.tasks)
        loop.step(4.5)
        assert not connection.closed
        loop.step(0.5)
        assert connection.closed
        protocol.connection_lost(None)
        assert protocol.timeout_keep_alive_task is None

    asyncio.run(exchange())
