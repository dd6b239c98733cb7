"""Passing a call on to Amazon as it is, and its answer back, whole or not at all.

The answer is kept once, as it will be passed on: that is written while it comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.session import AmazonSession, lower_case, retry_after_of
from gateway.util.json_string import PIECE, JsonString


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
    """What came back: `headers` with lower-case names, `body` free of content codings."""

    status: int
    headers: Mapping[str, str]
    body: JsonString = field(repr=False)

    @property
    def retry_after(self) -> int | None:
        """The seconds of a `Retry-After` header, where there is one that makes sense."""
        return retry_after_of(self.headers)


class Forwarder:
    """Forwards calls over a session.

    `largest_answer` is in bytes after decoding; `timeout` in seconds, from sending to the last byte.
    """

    def __init__(self, session: AmazonSession, *, largest_answer: int, timeout: float) -> None:
        self._session = session
        self._largest_answer = largest_answer
        self._timeout = timeout

    def forward(self, outgoing: Outgoing) -> Forwarded:
        """Make the call, once, following no redirect. Returns the answer, whatever its status.

        Raise AmazonFailure: `unavailable` (no whole answer in time, or one cut off), `too_large`.
        """
        with self._session.exchange(
            outgoing.method,
            outgoing.host,
            outgoing.target,
            headers=outgoing.headers,
            body=outgoing.body,
            timeout=self._timeout,
        ) as response:
            body = JsonString()
            while chunk := response.read1(PIECE, decode_content=True):
                body.add(chunk)
                if body.size > self._largest_answer:
                    raise AmazonFailure("too_large", f"it has more than {self._largest_answer} bytes")
            body.finish()
            return Forwarded(response.status, lower_case(response.headers), body)
