"""Ends a connection whose client takes nothing of what is written to it: else that is kept for ever."""

import asyncio
from collections.abc import Callable

# A client that takes anything at all in so many seconds may be as slow as it likes.
STALLED_SECONDS = 30.0


class WriteWatch:
    """Looks at what is still to be written to a connection, for as long as there is something.

    `give_up`: what ends the connection where none of it was taken in STALLED_SECONDS.
    """

    __slots__ = ("_give_up", "_left", "_loop", "_moved", "_timer", "_transport")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, give_up: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._give_up = give_up
        self._left = 0
        self._moved = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Watch, where something is left to be written and is not watched yet."""
        left = self._transport.get_write_buffer_size()
        if left and self._timer is None:
            self._look_later(left)

    def moved(self) -> None:
        """Note that the client has taken so much that more is written, so that the size says nothing."""
        self._moved = True

    def stop(self) -> None:
        """Watch no more: the connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        left = self._transport.get_write_buffer_size()
        if left and left == self._left and not self._moved:
            self._give_up()
        elif left:
            self._look_later(left)

    def _look_later(self, left: int) -> None:
        self._left, self._moved = left, False
        self._timer = self._loop.call_later(STALLED_SECONDS, self._look)
