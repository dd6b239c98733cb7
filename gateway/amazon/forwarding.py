"""Passing a call on to Amazon as it is, and its answer back while it comes.

Blocking reads and writes are done in threads, one piece at a time, so that a client who is slow to send or
to read holds no thread while its answer is passed on. What is kept of a body is a piece.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.session import AmazonSession, OpenAnswer, retry_after_of
from gateway.amazon.uploads import Upload
from gateway.util.counters import AmazonCall
from gateway.util.json_string import JsonString
from gateway.util.threads import Threads

T = TypeVar("T")

# In bytes. Of an answer that is not larger the thread is changed once.
PIECE = 256 * 1024
# A large answer is passed on in whole pieces, unless so many seconds pass before more of it comes: where
# the machine is busy, each piece waits for its turn, and small ones would wait for many.
LARGE = 64 * 1024
PAUSE = 0.01
CODED = ("content-encoding", "content-length")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call: `target` is path and query exactly as they are to be sent, `headers` hold a token.

    `call`: what it is counted as. `decodes`: the answer's body is wanted free of content codings. That of a
    refusal always is.
    """

    call: AmazonCall
    method: str
    host: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | Upload | None = field(repr=False)
    decodes: bool = True


class Forwarded:
    """An answer of Amazon's: its status, its headers with lower-case names, and its body as it comes.

    `beginning`: the first piece of the body, which is all of it where `is_whole`. Its headers say what is
    true of the body as it is read here.
    """

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        beginning: bytes,
        rest: "_Rest | None" = None,
    ) -> None:
        """`rest`: where what follows the beginning is read; None where nothing does."""
        self.status = status
        self.headers = headers
        self.beginning = beginning
        self._rest = rest

    @property
    def is_whole(self) -> bool:
        """Whether the whole body is here: nothing that Amazon does can cut it off any more."""
        return self._rest is None

    def short_body(self, longest: int) -> bytes | None:
        """Return the whole body where it has so many bytes at the most, as refusals do; else None."""
        return self.beginning if self.is_whole and len(self.beginning) <= longest else None

    @property
    def retry_after(self) -> int | None:
        """The seconds of a `Retry-After` header, where there is one that makes sense."""
        return retry_after_of(self.headers)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Return the body piece by piece, once; one is read while the one before is passed on.

        Raise AmazonFailure `unavailable` where it is cut off.
        """
        piece, self.beginning = self.beginning, b""
        while self._rest is not None and not self._rest.is_over:
            coming = asyncio.ensure_future(self._rest.next_piece())
            coming.add_done_callback(_retrieve)
            try:
                yield piece
                piece = await coming
            finally:
                coming.cancel()
        yield piece

    async def as_json(self, largest: int) -> JsonString:
        """Return the whole body as it stands in a JSON document.

        Raise AmazonFailure: `unavailable` where it is cut off, `too_large` beyond so many bytes.
        """
        body = JsonString()
        body.add(self.beginning)
        if self._rest is not None:
            await self._rest.read_into(body, largest)
        if body.size > largest:
            raise AmazonFailure("too_large", f"it has more than {largest} bytes")
        body.finish()
        return body

    def close(self) -> None:
        """Let go of what was not read."""
        if self._rest is not None:
            self._rest.close()


class _Rest:
    """What follows the beginning of an answer's body. One thread at a time reads it."""

    def __init__(self, answer: OpenAnswer, threads: Threads, *, decode: bool) -> None:
        self._answer = answer
        self._threads = threads
        self._decode = decode
        self._passes_at_once = not decode
        self._is_being_read = False
        self._size = 0
        self.is_over = False

    def read_piece(self) -> bytes:
        """Return the next piece, in a thread. Raise AmazonFailure.

        Of a body that is passed on at once it has what is there; from LARGE on what comes without a pause.
        Else as much as a piece holds.
        """
        chunks, size = [], 0
        while size < PIECE:
            chunk = self._answer.read(PIECE - size, decode=self._decode)
            if not chunk:
                self.is_over = True
                break
            chunks.append(chunk)
            size += len(chunk)
            if self._passes_at_once:
                self.is_over = self._answer.is_over
                pause = PAUSE if self._size + size >= LARGE else 0.0
                if self.is_over or self._answer.would_wait(pause):
                    break
        self._size += size
        return b"".join(chunks)

    async def next_piece(self) -> bytes:
        """Return the next piece; nothing where all was read. Raise AmazonFailure."""
        return await self._in_thread(self.read_piece)

    async def read_into(self, body: JsonString, largest: int) -> None:
        """Add all that comes to a body. Raise AmazonFailure."""

        def read() -> None:
            while not self.is_over and body.size <= largest:
                body.add(self.read_piece())

        await self._in_thread(read)

    async def _in_thread(self, read: Callable[[], T]) -> T:
        def read_here() -> T:
            try:
                return read()
            finally:
                self._is_being_read = False

        self._is_being_read = True
        return await self._threads.proxy(read_here)

    def close(self) -> None:
        """End the connection, unless a thread reads from it, as for a caller who was canceled meanwhile.

        That one comes to its end by itself.
        """
        if not self._is_being_read:
            self._answer.close()


class Forwarder:
    """Forwards calls over a session, in threads. `timeout`: seconds of waiting for Amazon in one call."""

    def __init__(self, session: AmazonSession, threads: Threads, *, timeout: float) -> None:
        self._session = session
        self._threads = threads
        self._timeout = timeout

    async def forward(self, outgoing: Outgoing) -> Forwarded:
        """Make the call, once, following no redirect. Returns the answer, whatever its status.

        Raise AmazonFailure `unavailable`: no answer in time, or one cut off in its beginning.
        """
        return await self._threads.proxy(self._forward, outgoing)

    def _forward(self, outgoing: Outgoing) -> Forwarded:
        body = outgoing.body
        answer = self._session.open(
            outgoing.method,
            outgoing.host,
            outgoing.target,
            call=outgoing.call,
            headers=outgoing.headers,
            body=body.pieces if isinstance(body, Upload) else body,
            timeout=self._timeout,
        )
        decode = outgoing.decodes or answer.status >= 400
        rest = _Rest(answer, self._threads, decode=decode)
        try:
            beginning = rest.read_piece()
        except AmazonFailure:
            answer.close()
            raise
        headers = answer.headers
        if decode and "content-encoding" in headers:
            headers = {name: value for name, value in headers.items() if name not in CODED}
        return Forwarded(answer.status, headers, beginning, None if rest.is_over else rest)


def _retrieve(coming: "asyncio.Task[bytes]") -> None:
    """Take note of how a piece ended that nobody may wait for any more."""
    if not coming.cancelled():
        coming.exception()
