"""How an answer is written to its connection: its head at once, with the first piece of its body.

uvicorn makes a head header by header and writes it alone, which costs more than to write the body with it.
"""

import asyncio
from collections.abc import Awaitable, Generator
from functools import lru_cache
from typing import Any

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

# The names of all headers that there are.
REMEMBERED = 128
# What no header's value may hold, as uvicorn has it: control characters other than a tab.
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09})
_LINE_END = b"\r\n"


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


class _Done:
    """What is awaited where there was nothing to wait for."""

    def __await__(self) -> Generator[Any, None, None]:
        return iter(())  # type: ignore[return-value]


_DONE = _Done()


class Cycle(RequestResponseCycle):
    """One request with its answer, whose head is written here where it says how long the body is."""

    async def run_asgi(self, app: ASGI3Application) -> None:
        """Answer the request. An application that breaks its answer off ends the connection, no more."""

        async def until_broken_off(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            try:
                await app(scope, receive, send)
            except ConnectionAbortedError:
                self.transport.close()
                self.disconnected = True

        await super().run_asgi(until_broken_off)

    def send(self, message: ASGISendEvent) -> Awaitable[None]:  # type: ignore[override]
        """Send the head of the answer, or leave it to uvicorn as all that follows."""
        if message["type"] != "http.response.start" or self.response_started or not self._is_free():
            return super().send(message)
        head = _head([*self.default_headers, *message.get("headers", ())])
        if head is None:
            return super().send(message)
        lines, self.expected_content_length = head
        self.chunked_encoding = False
        self.response_started = True
        self.waiting_for_100_continue = False
        end = _LINE_END if self.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[message["status"]] + lines + end)
        return _DONE

    def _is_free(self) -> bool:
        """Tell whether the client takes what is written, and nobody wants to log it."""
        return not (self.flow.write_paused or self.disconnected or self.access_log)


def _head(headers: list[tuple[bytes, bytes]]) -> tuple[bytes, int] | None:
    """Return the lines of an answer's headers, and how long they say that its body is.

    None where they do not say that, or where one is uvicorn's to act upon or to refuse.
    """
    length = None
    lines: list[bytes] = []
    for name, value in headers:
        beginning = _beginning(name)
        if beginning is None:
            return None
        if beginning == b"content-length: ":
            length = value
        lines += (beginning, value, _LINE_END)
    head = b"".join(lines)
    # Nothing but the lines' own ends. (One pass over all of them costs less than a pattern for each.)
    if len(head) - len(head.translate(None, _CONTROLS)) != len(_LINE_END) * len(headers):
        return None
    return None if length is None or not length.isdigit() else (head, int(length))


@lru_cache(REMEMBERED)
def _beginning(name: bytes) -> bytes | None:
    """Return what the line of a header begins with; None for a name that is uvicorn's business."""
    name = name.lower()
    if name in (b"connection", b"transfer-encoding") or HEADER_RE.search(name):
        return None
    return name + b": "
