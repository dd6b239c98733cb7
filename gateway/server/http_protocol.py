"""uvicorn's HTTP/1.1, except for three things.

What cannot be read, is too large or comes too slowly is answered with the error envelope, as every other
error is. Heads are written by `answer_writing`, and `write_watch` ends the connection of a client that does
not take its answer. And a connection has one timer, not a new one for each of its requests.
"""

import asyncio
import math
import secrets
from typing import ClassVar
from weakref import WeakKeyDictionary

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.asgi.answer_headers import SECURITY_HEADERS
from gateway.asgi.calls import json_answer
from gateway.asgi.stopping import STOPPING, Stopping
from gateway.errors import Problem
from gateway.server.answer_writing import AnswerTransport, Cycle
from gateway.server.connection_limits import (
    BODY_BYTES_A_SECOND,
    BODY_SECONDS,
    HEAD_SECONDS,
    LARGEST_HEAD,
    MOST_BODY_SECONDS,
    MOST_FRAMING,
    most_connections,
    note_refusal,
)
from gateway.server.write_watch import WriteWatch
from gateway.util import counters, local_proof

# What a connection is at: between two requests, in a head, in a body, or at the answer.
_IDLE, _HEAD, _BODY, _ANSWER = range(4)


class Protocol(HttpToolsProtocol):
    """One connection. No request comes of what cannot be read, so the application never hears of it.

    It is held to `connection_limits`, by one timer and by counting the pieces that come in.
    """

    # Of each server the connections on which nobody waits for an answer: who has been so longest comes first.
    _waiting_of: ClassVar[WeakKeyDictionary[ServerState, dict["Protocol", None]]] = WeakKeyDictionary()
    # Of each server how far its end has come.
    _stopping_of: ClassVar[WeakKeyDictionary[ServerState, Stopping]] = WeakKeyDictionary()

    # Since when it is at that, by the event loop's clock; a body since its head began.
    _at = _HEAD
    _since = 0.0
    # Bytes of the head or body that is not whole yet, without the piece that is being read.
    _unfinished = 0
    _piece = 0
    # Whether a head or a whole request ended in this piece.
    _moved = False
    _body_bytes = 0
    _problem: Problem | None = None

    @classmethod
    def stopping_of(cls, server: ServerState) -> Stopping:
        """Return how far the end of a server has come, as its requests are told it."""
        return cls._stopping_of.setdefault(server, Stopping())

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it where there are as many as there may be."""
        super().connection_made(transport)
        self._writes = WriteWatch(transport, self.loop, self._give_up_writing)
        self._waiting = self._waiting_of.setdefault(self.server_state, {})
        self._stopping = self.stopping_of(self.server_state)
        if len(self.connections) > most_connections() and not self._give_up_oldest():
            self._refuse(Problem("gateway_busy", retry_after=1))
            return
        self._wait(_HEAD)
        self._look_after(HEAD_SECONDS)

    def _wait(self, at: int) -> None:
        """Begin to wait for a request, `_IDLE`, or for the rest of its head, `_HEAD`."""
        self._at = at
        self._since = self.loop.time()
        self._waiting.pop(self, None)
        self._waiting[self] = None

    def _give_up_oldest(self) -> bool:
        """End the connection that has waited longest; tell whether there was one."""
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            return False
        note_refusal("gateway_busy", oldest._source())
        oldest._leave()
        # Over TLS, to close it would keep its descriptor until the client agrees.
        all_sent = oldest.transport.get_write_buffer_size() == 0
        oldest.transport.abort() if all_sent else oldest.transport.close()
        return True

    def _leave(self) -> None:
        """Count no more among the server's connections."""
        self.connections.discard(self)
        self._waiting.pop(self, None)

    def _is_silent(self) -> bool:
        return self._at == _IDLE or (self._at == _HEAD and not self._unfinished)

    def data_received(self, data: bytes) -> None:
        """Read one piece of what the client sends."""
        if self._at == _IDLE:
            self._wait(_HEAD)
        self._piece = len(data)
        self._moved = False
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            # Answered as any other request: there is nothing here that it could change to.
            self._unfinished = 0
            return
        except HttpParserError:
            unreadable = Problem("bad_parameter", "this cannot be read as a request of HTTP/1.1")
            self._refuse(self._problem or unreadable)
            return
        if self._moved:
            self._unfinished = 0
            return
        self._unfinished += self._piece
        # A body is counted by who reads it; here only what it comes in, such as trailers.
        largest = LARGEST_HEAD + (MOST_FRAMING * self._body_bytes if self._at == _BODY else 0)
        if self._unfinished > largest and not self.transport.is_closing():
            self._refuse(Problem("headers_too_large"))

    def on_headers_complete(self) -> None:
        """Begin with a request, unless its head is too large."""
        # Summed up only where what has come in since the last request leaves that open.
        if self._unfinished + self._piece > LARGEST_HEAD:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > LARGEST_HEAD:
                self._problem = Problem("headers_too_large")
                raise ValueError("headers_too_large")
        if self._at != _HEAD:
            # It has come in while another one was answered.
            self._since = self.loop.time()
        self._moved = True
        self._at = _BODY
        self._waiting.pop(self, None)
        self._body_bytes = 0
        super().on_headers_complete()
        self.headers = []  # where the parser puts the trailers, which are for nobody

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of a request's body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._moved = True
        if self.cycle.response_complete:  # as that of a refusal
            self._wait(_IDLE)
        else:
            self._at = _ANSWER
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, _app: ASGI3Application) -> None:
        # An answer to HEAD has a head alone, and "100 Continue" would be taken for one.
        if cycle.scope["method"] != "HEAD" and not cycle.waiting_for_100_continue:
            cycle.transport = AnswerTransport(cycle.transport)
        cycle.scope[STOPPING] = self._stopping  # type: ignore[literal-required]
        # The client is told to take its next request elsewhere, but for the one that a proof was asked for.
        if self._stopping.begun and cycle.scope["path"] != local_proof.PATH:
            cycle.keep_alive = False
        # uvicorn does not ask what to make.
        cycle.__class__ = Cycle
        # Of a request that waited behind another one, the application may have been replaced meanwhile.
        super()._start_asgi_task(cycle, self.app)

    def shutdown(self) -> None:
        """Finish what is under way, for the server ends; whoever only waits need not be waited for."""
        self._stopping.closing.set()
        super().shutdown()

    def on_response_complete(self) -> None:
        """Go on with the next request, which may be there already."""
        self.server_state.total_requests += 1
        self._writes.begin()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._at == _ANSWER:
            self._wait(_IDLE)
        else:
            # The rest of its body is for nobody any more, but has only as long as a body has.
            self._waiting[self] = None

    def timeout_keep_alive_handler(self) -> None:
        """End the connection if it has taken too long over what it is at, or was idle for long enough."""
        self.timeout_keep_alive_task = None
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._at == _BODY and self.flow.read_paused:
            # It is the application that does not read on.
            self._since = now
        left = self._since + self._seconds() - now
        if left > 0:
            self._look_after(left)
        elif self._is_silent():
            # Browsers open such connections ahead of any need, so nobody is told.
            counters.connection_ended("idle")
            self.transport.close()
        else:
            self._refuse(Problem("request_timeout"))

    def _seconds(self) -> float:
        """Return how long the connection may be at what it is at."""
        if self._at == _HEAD:
            return HEAD_SECONDS
        if self._at == _BODY:
            more = min(self._body_bytes / BODY_BYTES_A_SECOND, MOST_BODY_SECONDS)
            return HEAD_SECONDS + BODY_SECONDS + more
        return self.timeout_keep_alive if self._at == _IDLE else math.inf

    def _look_after(self, seconds: float) -> None:
        """Look at the connection in so many seconds, or before what begins meanwhile has taken too long."""
        soon = min(seconds, HEAD_SECONDS, self.timeout_keep_alive)
        self.timeout_keep_alive_task = self.loop.call_later(soon, self.timeout_keep_alive_handler)

    def _stop_looking(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def pause_writing(self) -> None:
        """Let the answer wait until the client has taken some of it."""
        super().pause_writing()
        self._writes.begin()

    def resume_writing(self) -> None:
        """Let the answer go on."""
        super().resume_writing()
        self._writes.moved()

    def _give_up_writing(self) -> None:
        note_refusal("not_read", self._source())
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._leave()
        self._writes.stop()
        self._stop_looking()

    def _refuse(self, problem: Problem) -> None:
        """Answer, unless an answer to something before is under way, and end the connection."""
        note_refusal(problem.reason, self._source())
        if self._is_free_to_answer():
            self.transport.write(self._refusal(problem))
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
        self._leave()
        self.transport.close()
        self._writes.begin()

    def _is_free_to_answer(self) -> bool:
        """Tell whether what is written now would be the answer to what the connection is at."""
        if self._at == _BODY:
            return not (self.cycle.response_started or self.pipeline)
        return self.cycle is None or self.cycle.response_complete

    def _source(self) -> str:
        return self.client[0] if self.client else "unknown"

    def _refusal(self, problem: Problem) -> bytes:
        """Return the whole answer that tells a problem."""
        request_id = secrets.token_hex(8)
        answer = json_answer(
            problem.envelope(request_id),
            sandbox=self.app_state.get("sandbox", False),
            status=problem.row.http_status,
        )
        answer.headers.update(
            {**SECURITY_HEADERS, **problem.headers, "X-Request-Id": request_id, "Connection": "close"}
        )
        lines = [STATUS_LINE[answer.status_code].rstrip()]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + answer.body
