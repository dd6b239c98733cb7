"""What one connection may cost, how many there may be, and what is said of those that are refused."""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.server import http_protocol
from gateway.server.connection_limits import (
    LARGEST_HEAD,
    MOST_CONNECTIONS,
    connections_within,
    note_refusal,
)
from gateway.server.http_protocol import Protocol
from gateway.server.start_warnings import warn_of_few_descriptors
from gateway.util.counters import REGISTRY
from tests.support.connections import Connection, SteppedLoop

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
PIECE = 16 * 1024


class Line:
    """A client's connection to a server whose application reads the body and answers `ok`.

    `loop`: its clock; lines of one `state` are a server's. With `waiting`, requests are answered once
    `let_go` is set.
    """

    def __init__(
        self, loop: SteppedLoop | None = None, state: ServerState | None = None, *, waiting: bool = False
    ) -> None:
        self.loop = loop or SteppedLoop()
        self.state = state or ServerState()
        self.let_go = asyncio.Event()
        self.received: list[str] = []
        self.reads = True
        if not waiting:
            self.let_go.set()
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=30,
        )
        config.load()
        self.connection = Connection()
        self._protocol = Protocol(config, self.state, {}, self.loop)  # type: ignore[arg-type]
        self._protocol.connection_made(self.connection)

    async def _answer(self, _scope: Any, receive: Any, send: Any) -> None:
        await self.let_go.wait()
        more = self.reads
        while more:
            message = await receive()
            self.received.append(message["type"])
            if message["type"] == "http.disconnect":
                return
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def send(self, *pieces: bytes) -> None:
        """Send pieces, until the connection is closed, and let the application do what it can."""
        for piece in pieces:
            if self.closed:
                break
            self._protocol.data_received(piece)
            await self.settle()
        if self.closed:
            self._protocol.connection_lost(None)
            await self.settle()

    async def settle(self) -> None:
        """Let everything that can go on go on."""
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def closed(self) -> bool:
        """Whether the server has ended it."""
        return self.connection.closed

    @property
    def statuses(self) -> list[int]:
        """The statuses of what was answered."""
        answers = b"".join(self.connection.written).split(b"HTTP/1.1 ")[1:]
        return [int(answer[:3]) for answer in answers]

    @property
    def told(self) -> dict[str, Any]:
        """The document of the last answer."""
        document: dict[str, Any] = json.loads(b"".join(self.connection.written).rpartition(b"\r\n\r\n")[2])
        return document

    @property
    def reason(self) -> str:
        """The reason that the last answer gives."""
        return str(self.told["reason"])


def played(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on an event loop."""
    asyncio.run(story())


@pytest.mark.parametrize("beginning", [b"GET /", GET + b"X: ", GET + b"X"])
def test_a_head_without_end_is_refused(beginning: bytes) -> None:
    """At 64 KB, whatever part of it does not end; the client is told, and nothing more is read."""

    async def story() -> None:
        line = Line()
        await line.send(beginning, *[b"a" * PIECE] * 1000)
        assert (line.closed, line.statuses, line.reason) == (True, [431], "headers_too_large")

    played(story)


@pytest.mark.parametrize("pieces", [1, 20])
def test_a_head_that_is_too_large_is_refused_though_it_ends(pieces: int) -> None:
    """In one piece or in several."""
    head = GET + b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(200)) + b"\r\n"
    size = len(head) // pieces + 1

    async def story() -> None:
        line = Line()
        await line.send(*(head[at : at + size] for at in range(0, len(head), size)))
        assert (line.closed, line.statuses, line.reason) == (True, [431], "headers_too_large")
        assert line.received == []

    played(story)


def test_a_head_below_the_limit_is_answered() -> None:
    """Also as the second of a connection, and the third in the same piece."""
    head = GET + b"X: " + b"a" * (LARGEST_HEAD - 1000) + b"\r\n\r\n"

    async def story() -> None:
        line = Line()
        await line.send(head, head + head)
        assert (line.closed, line.statuses) == (False, [200, 200, 200])

    played(story)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_is_no_head(chunked: bool) -> None:
    """A long body is read whole, and the next request is answered."""
    piece = b"a" * PIECE
    coded = b"%x\r\n%s\r\n" % (PIECE, piece)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (PIECE * 100)

    async def story() -> None:
        line = Line()
        pieces = [*[coded if chunked else piece] * 100, b"0\r\n\r\n" if chunked else b""]
        await line.send(b"POST" + GET[3:] + length + b"\r\n\r\n", *filter(None, pieces), GET + b"\r\n")
        assert (line.closed, line.statuses) == (False, [200, 200])

    played(story)


@pytest.mark.parametrize("beginning", [b"1;", b"0\r\nX: ", b"0\r\nX"])
def test_what_a_body_comes_in_is_bounded_too(beginning: bytes) -> None:
    """The extensions of a chunk and the trailers are in no body, and nobody else would count them."""

    async def story() -> None:
        line = Line()
        head = b"POST" + GET[3:] + b"Transfer-Encoding: chunked\r\n\r\n"
        await line.send(head, beginning, *[b"a" * PIECE] * 100)
        assert (line.closed, line.statuses, line.reason) == (True, [431], "headers_too_large")

    played(story)


def test_a_refusal_is_not_taken_for_the_answer_to_an_earlier_request() -> None:
    """While that one is under way, the connection is ended without a word."""

    async def story() -> None:
        line = Line(waiting=True)
        await line.send(GET + b"\r\n", GET + b"X: ", *[b"a" * PIECE] * 100)
        assert (line.closed, line.statuses) == (True, [])
        line.let_go.set()
        await line.settle()
        assert line.statuses == []

    played(story)


def test_a_connection_that_sends_nothing_is_ended() -> None:
    """Without a word: browsers open some ahead of any need."""

    async def story() -> None:
        line = Line()
        line.loop.step(9.5)
        assert not line.closed
        line.loop.step(0.5)
        assert (line.closed, line.statuses) == (True, [])

    played(story)


def test_a_head_has_ten_seconds() -> None:
    """From its first byte on, however regularly further ones come, and on a connection in use, too."""

    async def story() -> None:
        first, second = Line(), Line()
        await second.send(GET + b"\r\n")
        second.loop.step(7)
        for line, before in ((first, []), (second, [200])):
            for byte in GET[:9]:
                await line.send(bytes([byte]))
                assert not line.closed
                line.loop.step(1)
            line.loop.step(1)
            assert (line.closed, line.statuses, line.reason) == (True, [*before, 408], "request_timeout")

    played(story)


def test_a_body_has_thirty_seconds_more() -> None:
    """However regularly a byte of it comes; the application learns that nobody is there."""

    async def story() -> None:
        line = Line()
        await line.send(b"POST" + GET[3:] + b"Content-Length: 1000\r\n\r\n")
        for _ in range(39):
            line.loop.step(1)
            await line.send(b"a")
            assert not line.closed
        for _ in range(2):
            line.loop.step(1)
        assert (line.closed, line.statuses, line.reason) == (True, [408], "request_timeout")
        await line.send()
        assert line.received[-1] == "http.disconnect"

    played(story)


def test_a_large_body_has_longer_but_not_for_ever() -> None:
    """As long as it comes in quickly enough, and at most 340 seconds."""

    async def story() -> None:
        line = Line()
        await line.send(b"POST" + GET[3:] + b"Content-Length: 1000000000\r\n\r\n")
        for _ in range(330):
            line.loop.step(1)
            await line.send(b"a" * 65536)
            assert not line.closed
        for _ in range(10):
            line.loop.step(1)
            await line.send(b"a" * 65536)
        assert (line.closed, line.reason) == (True, "request_timeout")

    played(story)


def test_an_application_that_does_not_read_on_is_not_the_clients_fault() -> None:
    """What it has not taken is not waited for."""

    async def story() -> None:
        line = Line(waiting=True)
        await line.send(b"POST" + GET[3:] + b"Content-Length: 100000\r\n\r\n", b"a" * 90000)
        assert line.connection.paused
        for _ in range(20):
            line.loop.step(10)
        line.let_go.set()
        await line.settle()
        await line.send(b"a" * 10000)
        assert (line.closed, line.statuses) == (False, [200])

    played(story)


def test_an_answer_takes_as_long_as_it_takes() -> None:
    """A call to Amazon may need a minute."""

    async def story() -> None:
        line = Line(waiting=True)
        await line.send(GET + b"\r\n")
        for _ in range(20):
            line.loop.step(10)
        line.let_go.set()
        await line.settle()
        assert (line.closed, line.statuses) == (False, [200])

    played(story)


def test_too_many_connections_cost_those_without_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest of them goes first; where all have one, the new one is told so."""
    monkeypatch.setattr(http_protocol, "most_connections", lambda: 3)

    async def story() -> None:
        state, loop = ServerState(), SteppedLoop()
        lines = []
        for _ in range(3):
            lines.append(Line(loop, state, waiting=True))
            loop.step(1)
        used, silent, between = lines
        await used.send(GET + b"\r\n")
        between.let_go.set()
        await between.send(GET + b"\r\n")
        busy = [Line(loop, state, waiting=True)]
        assert [line.closed for line in (used, silent, between)] == [False, True, False]
        await busy[0].send(GET + b"\r\n")
        busy.append(Line(loop, state, waiting=True))
        assert [line.closed for line in (used, between)] == [False, True]
        await busy[1].send(GET + b"\r\n")
        late = Line(loop, state)
        assert (late.closed, late.statuses, late.reason) == (True, [503], "gateway_busy")
        assert (late.told["retryAfter"], b"retry-after: 1\r\n" in late.connection.written[0].lower()) == (
            1,
            True,
        )
        assert not any(line.closed for line in (used, *busy))
        for line in (used, *busy):
            line.let_go.set()
            await line.settle()
            assert line.statuses == [200]

    played(story)


def test_half_a_head_and_the_rest_of_a_body_keep_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loses an answer with them."""
    monkeypatch.setattr(http_protocol, "most_connections", lambda: 2)

    async def story() -> None:
        state, loop = ServerState(), SteppedLoop()
        half = Line(loop, state)
        await half.send(GET)
        loop.step(1)
        answered = Line(loop, state, waiting=True)
        await answered.send(b"POST" + GET[3:] + b"Content-Length: 9\r\n\r\n")
        first = Line(loop, state, waiting=True)
        await first.send(GET + b"\r\n")
        assert [line.closed for line in (half, answered, first)] == [True, False, False]
        assert half.statuses == []
        refused = Line(loop, state)
        assert (refused.closed, refused.statuses) == (True, [503])
        answered.reads = False
        answered.let_go.set()
        await answered.settle()
        assert answered.statuses == [200]
        Line(loop, state)
        assert [line.closed for line in (answered, first)] == [True, False]

    played(story)


def test_a_request_that_was_answered_before_it_was_whole_keeps_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a refused one: once the rest of it has come, its connection is idle like any other."""
    monkeypatch.setattr(http_protocol, "most_connections", lambda: 2)

    async def answered(loop: SteppedLoop, state: ServerState) -> Line:
        line = Line(loop, state)
        line.reads = False
        await line.send(b"POST" + GET[3:] + b"Content-Length: 2\r\n\r\n")
        assert line.statuses == [200]
        await line.send(b"ab")
        return line

    async def story() -> None:
        state, loop = ServerState(), SteppedLoop()
        first, second = await answered(loop, state), await answered(loop, state)
        Line(loop, state)
        assert [line.closed for line in (first, second)] == [True, False]
        await second.send(GET + b"\r\n")
        assert second.statuses == [200, 200]
        third = await answered(loop, ServerState())
        loop.step(30)
        assert third.closed

    played(story)


def test_room_is_made_without_a_look_at_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who holds all of them makes each new one cost as much as all together."""
    monkeypatch.setattr(http_protocol, "most_connections", lambda: 3)
    looks = 0

    class Connections(set[Any]):
        def __iter__(self) -> Any:
            nonlocal looks
            looks += 1
            return super().__iter__()

    async def story() -> None:
        state, loop = ServerState(), SteppedLoop()
        state.connections = Connections()
        lines = []
        for _ in range(9):
            lines.append(Line(loop, state))
            loop.step(1)
        assert [line.closed for line in lines] == [True] * 6 + [False] * 3
        assert looks == 0

    played(story)


@pytest.mark.parametrize(
    ("descriptors", "connections"),
    [(256, 128), (1024, 768), (1_000_000, MOST_CONNECTIONS), (None, MOST_CONNECTIONS)],
)
def test_connections_leave_descriptors_to_everything_else(descriptors: int | None, connections: int) -> None:
    """The database, Amazon and the log need some, too."""
    assert connections_within(descriptors) == connections


def test_what_is_refused_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With its reason, and where it came from."""
    counted = {"reason": "gateway_busy"}
    before = REGISTRY.get_sample_value("linkfox_connections_ended_total", counted) or 0
    with caplog.at_level(logging.WARNING):
        note_refusal("gateway_busy", "192.0.2.7")
    (line,) = (record.getMessage() for record in caplog.records)
    assert line == "connection_refused reason=gateway_busy address=192.0.2.7"
    assert REGISTRY.get_sample_value("linkfox_connections_ended_total", counted) == before + 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.parametrize(("limit", "told"), [(256, True), (1023, True), (1024, False), (-1, False)])
def test_a_low_limit_of_open_files_is_told_at_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, limit: int, told: bool
) -> None:
    """With the number that is needed for as many connections as there may be at the most."""
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (limit, limit))
    warn_of_few_descriptors()
    said = [record.getMessage() for record in caplog.records]
    assert bool(said) is told
    assert all(f"limit={limit} connections={connections_within(limit)}" in line for line in said)
    assert all("ulimit -n 4352" in line for line in said)
