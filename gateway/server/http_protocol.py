"""uvicorn's HTTP/1.1, except for two things.

What cannot be read is answered with the error envelope, as every other error is. And the head of an answer is
written together with the first piece of its body, which costs little more than to write the head alone.
"""

import asyncio
import secrets

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.asgi.answer_headers import SECURITY_HEADERS
from gateway.asgi.calls import json_answer
from gateway.errors import Problem


class AnswerTransport(asyncio.Transport):
    """What one answer is written to. Keeps its head, which is written first, until there is more."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write the answer's head, or a piece of its body."""
        if self._head is None:
            self._transport.write(data)
        elif self._head:
            self._transport.write(self._head + data)
            self._head = None
        else:
            self._head = bytes(data)

    def close(self) -> None:
        """Write what is kept, and end the connection."""
        if self._head:
            self._transport.write(self._head)
        self._transport.close()

    def is_closing(self) -> bool:
        """Tell whether the connection is ended or about to be."""
        return self._transport.is_closing()


class Protocol(HttpToolsProtocol):
    """One connection. No request comes of what cannot be read, so the application never hears of it."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # An answer to HEAD has a head alone, and "100 Continue" would be taken for one.
        if cycle.scope["method"] != "HEAD" and not cycle.waiting_for_100_continue:
            cycle.transport = AnswerTransport(cycle.transport)
        super()._start_asgi_task(cycle, app)

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
