"""uvicorn's HTTP/1.1, except for three things.

What cannot be read is answered with the error envelope, as every other error is. The head of an answer is put
together at once, and written together with the first piece of its body, which costs little more than to write
the head alone. And a connection that is kept open has one timer, not a new one after each answer.
"""

import secrets

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.asgi.answer_headers import SECURITY_HEADERS
from gateway.asgi.calls import json_answer
from gateway.errors import Problem
from gateway.server.answer_writing import AnswerTransport, Cycle


class Protocol(HttpToolsProtocol):
    """One connection. No request comes of what cannot be read, so the application never hears of it."""

    # When the last answer ended, by the event loop's clock; None while a request is under way.
    _idle_since: float | None = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # An answer to HEAD has a head alone, and "100 Continue" would be taken for one.
        if cycle.scope["method"] != "HEAD" and not cycle.waiting_for_100_continue:
            cycle.transport = AnswerTransport(cycle.transport)
        # uvicorn does not ask what to make.
        cycle.__class__ = Cycle
        super()._start_asgi_task(cycle, app)

    def _unset_keepalive_if_required(self) -> None:
        """Note that the connection is in use. Its timer finds that out by itself."""
        self._idle_since = None

    def on_response_complete(self) -> None:
        """Go on with the next request, which may be there already."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_after(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """End the connection if it was idle for long enough."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_after(left)
        else:
            super().timeout_keep_alive_handler()

    def _look_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def send_400_response(self, msg: str) -> None:
        """Answer, and end the connection. `msg`: uvicorn's own words, which it has logged."""
        request_id = secrets.token_hex(8)
        problem = Problem("bad_parameter", "this cannot be read as a request of HTTP/1.1")
        answer = json_answer(
            problem.envelope(request_id),
            sandbox=self.app_state.get("sandbox", False),
            status=problem.row.http_status,
        )
        answer.headers.update({**SECURITY_HEADERS, "X-Request-Id": request_id, "Connection": "close"})
        lines = [f"HTTP/1.1 {answer.status_code} Bad Request".encode()]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + answer.body)
        self.transport.close()
