"""One deadline for all that is read of an answer: its status, its headers, and its body.

A timeout of a socket is one read's. Who sends a byte of a header now and then, or `100 Continue` for ever,
keeps within it and never comes to an end. Here each read may take what is left until the deadline.
"""

import io
import math
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool
from urllib3.util.wait import wait_for_read

Monotonic = Callable[[], float]


class Deadline:
    """So many seconds for an answer, of which only those count in which somebody waits for it.

    Who passes an answer on waits for its client in between, which is not Amazon's time.
    """

    def __init__(self, seconds: float, monotonic: Monotonic = time.monotonic) -> None:
        self._left = seconds
        self._monotonic = monotonic
        self._moment = math.inf
        self._sock: socket.socket | None = None
        self._is_cut = False

    @property
    def left(self) -> float:
        """The seconds that are left; inside `counting` alone."""
        return self._moment - self._monotonic()

    def covers(self, sock: socket.socket) -> None:
        """Take a socket as what the answer is read from."""
        self._sock = sock
        if self._is_cut:
            _end(sock)

    def cut(self) -> None:
        """Let it be over now, from any thread: a read that waits for Amazon comes to its end."""
        self._is_cut = True
        if self._sock is not None:
            _end(self._sock)

    def would_wait(self, seconds: float) -> bool:
        """Tell whether the next read of the answer has to wait, after it was waited for so long."""
        if self._sock is None:
            return True
        pending = getattr(self._sock, "pending", None)  # what TLS has decrypted already
        return not (pending and pending()) and not wait_for_read(self._sock, seconds)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Let what is asked and read inside the `with` come by then; what is later raises TimeoutError.

        It holds for connections of a pool that `keeps_deadlines`.
        """
        if self._left <= 0 or self._is_cut:
            raise _over()
        self._moment = self._monotonic() + self._left
        before = _deadline.set(self)
        try:
            yield
        finally:
            _deadline.reset(before)
            self._left = self.left


# That of the call that this thread makes.
_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


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
        super().__init__(sock if deadline is None else _Bounded(sock, deadline), *arguments, **options)  # type: ignore[arg-type]


class _Bounded:
    """A socket, as far as http.client asks it for something to read from."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        deadline.covers(sock)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what reads from the socket until the deadline."""
        return io.BufferedReader(_Reads(self._sock, self._deadline))


class _Reads(io.RawIOBase):
    """Reads of a socket, none of which lasts beyond the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._longest = sock.gettimeout()
        self._deadline = deadline

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there into a buffer. Raise TimeoutError."""
        left = self._deadline.left
        if left <= 0:
            raise _over()
        self._sock.settimeout(left if self._longest is None else min(left, self._longest))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which stays the connection's."""
        self._raw.close()
        super().close()


def _end(sock: socket.socket) -> None:
    """End a connection under whoever reads from it, which to close it would not do."""
    with suppress(OSError):  # it has ended already
        # Of TLS in TLS, by a proxy, the socket beneath it; and no goodbye of TLS's, for which it would wait.
        socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)


def _over() -> TimeoutError:
    return TimeoutError("the deadline is over")
