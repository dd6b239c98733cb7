"""One deadline for all that is read of an answer: its status, its headers, and its body.

A timeout of a socket is one read's. Who sends a byte of a header now and then, or `100 Continue` for ever,
keeps within it and never comes to an end. Here each read may take what is left until the deadline.
"""

import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool

Monotonic = Callable[[], float]

# When the call that this thread makes has to be over, by which clock.
_deadline: ContextVar[tuple[float, Monotonic] | None] = ContextVar("deadline", default=None)


@contextmanager
def ending_at(moment: float, monotonic: Monotonic = time.monotonic) -> Iterator[None]:
    """Let whatever is asked inside the `with` be answered by that moment; later reads raise TimeoutError.

    It holds for connections of a pool that `keeps_deadlines`.
    """
    before = _deadline.set((moment, monotonic))
    try:
        yield
    finally:
        _deadline.reset(before)


def keeps_deadlines(pool: HTTPConnectionPool) -> HTTPConnectionPool:
    """Return the pool; the answers of its connections are read by the deadline from now on."""
    kind: Any = pool.ConnectionCls
    # A pool has a class of its connections, and a connection one of its answers.
    pool.ConnectionCls = type(kind.__name__, (kind,), {"response_class": _Answer})
    return pool


class _Answer(HTTPResponse):
    """http.client's answer over a connection's socket."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        deadline = _deadline.get()
        super().__init__(sock if deadline is None else _Bounded(sock, *deadline), *arguments, **options)  # type: ignore[arg-type]


class _Bounded:
    """A socket, as far as http.client asks it for something to read from."""

    def __init__(self, sock: socket.socket, moment: float, monotonic: Monotonic) -> None:
        self._sock = sock
        self._moment = moment
        self._monotonic = monotonic

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what reads from the socket until the deadline."""
        return io.BufferedReader(_Reads(self._sock, self._moment, self._monotonic))


class _Reads(io.RawIOBase):
    """Reads of a socket, none of which lasts beyond the deadline."""

    def __init__(self, sock: socket.socket, moment: float, monotonic: Monotonic) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._longest = sock.gettimeout()
        self._moment = moment
        self._monotonic = monotonic

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there into a buffer. Raise TimeoutError."""
        left = self._moment - self._monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        self._sock.settimeout(left if self._longest is None else min(left, self._longest))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which stays the connection's."""
        self._raw.close()
        super().close()
