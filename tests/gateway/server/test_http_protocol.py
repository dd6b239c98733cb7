"""How answers are written to a connection."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from gateway.server.http_protocol import Protocol

HEADERS = [(b"content-length", b"4")]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
FIRST = {"type": "http.response.body", "body": b"ab", "more_body": True}
LAST = {"type": "http.response.body", "body": b"cd"}


class Connection(asyncio.Transport):
    """A connection that keeps what is written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        """Keep a piece."""
        self.written.append(bytes(data))

    def close(self) -> None:
        """Keep that it is closed."""
        self.closed = True

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self.closed

    def pause_reading(self) -> None:
        """Go on: there is nothing to read."""

    def resume_reading(self) -> None:
        """Go on: there is nothing to read."""


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
        while state.tasks:
            await asyncio.gather(*state.tasks)
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
