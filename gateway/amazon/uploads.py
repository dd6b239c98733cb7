"""A request's body that is sent on while it comes: from the event loop to the thread that sends it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from gateway.amazon.deadline import Deadline
from gateway.errors import Problem


class Upload:
    """A body of known length. It can be sent once, for what was sent is not kept."""

    def __init__(self, beginning: bytes, length: int, more: Callable[[], Awaitable[bytes]]) -> None:
        """Made on the event loop. `more` waits there for the next piece; what it raises ends the call."""
        self.length = length
        self._beginning = beginning
        self._more = more
        self._loop = asyncio.get_running_loop()

    def pieces(self, deadline: Deadline) -> Iterator[bytes]:
        """Return its pieces, in the thread that sends them. One is fetched while the one before is sent.

        Raise Problem request_timeout where the deadline is over before the client has sent them all, and
        what `more` raises.
        """
        piece, self._beginning = self._beginning, b""
        left = self.length - len(piece)
        while left > 0:
            coming = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
            try:
                yield piece
                piece = coming.result(max(deadline.left, 0))
            except TimeoutError:
                raise Problem("request_timeout") from None
            finally:
                coming.cancel()
            left -= len(piece)
        yield piece

    async def _next(self) -> bytes:
        return await self._more()
