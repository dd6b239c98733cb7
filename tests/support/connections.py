"""A server's end of a connection without a network, and an event loop whose clock is stepped by hand."""

import asyncio
from typing import Any


class Connection(asyncio.Transport):
    """A connection that keeps what is written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False
        self.aborted = False
        # How many bytes the client has not taken yet.
        self.unsent = 0
        self.paused = False

    def write(self, data: Any) -> None:
        """Keep a piece."""
        self.written.append(bytes(data))

    def close(self) -> None:
        """Keep that it is closed."""
        self.closed = True

    def abort(self) -> None:
        """Keep that it is ended at once, whatever is still to be written."""
        self.closed = self.aborted = True

    def get_write_buffer_size(self) -> int:
        """Return how many bytes are still to be written."""
        return self.unsent

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self.closed

    def pause_reading(self) -> None:
        """Keep that nothing is read."""
        self.paused = True

    def resume_reading(self) -> None:
        """Keep that it is read on."""
        self.paused = False


class SteppedLoop:
    """An event loop's clock, stepped by hand, and the calls that it was asked for."""

    def __init__(self) -> None:
        self.now = 100.0
        self.calls: list[tuple[float, Any]] = []

    def time(self) -> float:
        """Return the seconds."""
        return self.now

    def create_task(self, coroutine: Any) -> asyncio.Task[None]:
        """Start a task of the running loop."""
        return asyncio.get_running_loop().create_task(coroutine)

    def call_later(self, delay: float, callback: Any) -> asyncio.TimerHandle:
        """Keep when to call, and what."""
        self.calls.append((self.now + delay, callback))
        return asyncio.get_running_loop().call_later(3600, callback)

    def step(self, seconds: float) -> None:
        """Let time pass, and call what is due."""
        self.now += seconds
        due = [call for call in self.calls if call[0] <= self.now]
        self.calls = [call for call in self.calls if call[0] > self.now]
        for _, callback in due:
            callback()
