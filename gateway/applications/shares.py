"""How many calls of one user may be under way at once, so that slow ones leave threads for everybody else's.

What exceeds a share waits for a while, in order: who makes many calls at once needs no retry for that. It
does not wait for long: the caller may have gone by then, and a call that changes something would come as a
surprise. The shares are one process's own, as the threads are.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.errors import Problem

LONGEST_WAIT = 10.0
RETRY_AFTER = 5


@dataclass(slots=True)
class _Share:
    """One user's. `callers`: how many hold a place or wait for one; nobody's share is forgotten."""

    places: asyncio.Semaphore
    callers: int = 0


class Shares:
    """Every user's share of `most` calls at once; a call waits for a place up to `longest_wait` seconds."""

    def __init__(self, most: int, longest_wait: float = LONGEST_WAIT) -> None:
        self._most = most
        self._longest_wait = longest_wait
        self._shares: dict[int, _Share] = {}

    @asynccontextmanager
    async def place_for(self, user_id: int) -> AsyncIterator[None]:
        """Hold one of the user's places while the body runs. Raise Problem amazon_throttled."""
        share = self._shares.setdefault(user_id, _Share(asyncio.Semaphore(self._most)))
        share.callers += 1
        try:
            try:
                # Where a place is free, no timer is set: it is taken at once.
                async with asyncio.timeout(self._longest_wait if share.places.locked() else None):
                    await share.places.acquire()
            except TimeoutError:
                raise self._full() from None
            try:
                yield
            finally:
                share.places.release()
        finally:
            share.callers -= 1
            if share.callers == 0:
                del self._shares[user_id]

    def _full(self) -> Problem:
        return Problem(
            "amazon_throttled",
            f"the gateway makes {self._most} calls for one user at once, and so many are under way",
            retry_after=RETRY_AFTER,
        )
