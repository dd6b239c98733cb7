"""Passing a call on to Amazon as it is, and its answer back, whole or not at all.

The answer is kept in the chunks in which it came, once; whether it is text is found out on the way.
"""

import codecs
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.session import AmazonSession, lower_case, retry_after_of

CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call: `target` is path and query exactly as they are to be sent, `headers` hold a token."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What came back: `headers` with lower-case names, `body` in chunks, free of content codings.

    `is_text`: the body is UTF-8. `size`: its length in bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: deque[bytes] = field(repr=False)
    size: int
    is_text: bool

    def whole(self) -> bytes:
        """Return the body in one piece, for a small one that has to be read here."""
        return b"".join(self.body)

    @property
    def retry_after(self) -> int | None:
        """The seconds of a `Retry-After` header, where there is one that makes sense."""
        return retry_after_of(self.headers)


class Forwarder:
    """Forwards calls over a session.

    `largest_answer` is in bytes after decoding; `timeout` in seconds, from sending to the last byte.
    """

    def __init__(
        self,
        session: AmazonSession,
        *,
        largest_answer: int,
        timeout: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._largest_answer = largest_answer
        self._timeout = timeout
        self._monotonic = monotonic

    def forward(self, outgoing: Outgoing) -> Forwarded:
        """Make the call, once, following no redirect. Returns the answer, whatever its status.

        Raise AmazonFailure: `unavailable` (no whole answer in time, or one cut off), `too_large`.
        """
        deadline = self._monotonic() + self._timeout
        with self._session.exchange(
            outgoing.method,
            outgoing.host,
            outgoing.target,
            headers=outgoing.headers,
            body=outgoing.body,
            read_timeout=self._timeout,
        ) as response:
            chunks: deque[bytes] = deque()
            size = 0
            is_text = True
            decoder = _incremental_utf8()
            while chunk := response.read1(CHUNK, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > self._largest_answer:
                    raise AmazonFailure("too_large", f"it has more than {self._largest_answer} bytes")
                if self._monotonic() > deadline:
                    raise AmazonFailure("unavailable", f"{outgoing.host} did not finish its answer in time")
                is_text = is_text and _goes_on(decoder, chunk)
            is_text = is_text and _goes_on(decoder, b"", final=True)
            return Forwarded(response.status, lower_case(response.headers), chunks, size, is_text)


def _incremental_utf8() -> codecs.IncrementalDecoder:
    """Return a strict decoder that takes UTF-8 in pieces."""
    return codecs.getincrementaldecoder("utf-8")("strict")


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    """Tell whether the text goes on as UTF-8 with this chunk."""
    if chunk.isascii() and not decoder.getstate()[0]:
        return True  # nothing to decode, and no character that a former chunk began
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
