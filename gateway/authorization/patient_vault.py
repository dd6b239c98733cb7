"""The vault, asked again for as long as it is away: what Amazon gives only once is not to be lost by that.

Whoever waits for the vault here is a task of its own, so that its browser or caller can be told meanwhile.
Such a task holds the only copy of a consent: it gives up only when the process ends.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from gateway.tokens.retries import Sleep
from gateway.util import events
from gateway.util.backoff import Backoff
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError

T = TypeVar("T")

AGAIN = Backoff(0.25, longest=5.0)

log = logging.getLogger(__name__)


class PatientVault:
    """Calls of the vault that are made again, with growing pauses, until it answers or the process ends."""

    def __init__(
        self, threads: Threads, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._threads = threads
        self._sleep = sleep
        self._monotonic = monotonic
        self._closing = asyncio.Event()

    async def call(self, what: str, function: Callable[[], T], within: float = math.inf) -> T:
        """Return what `function` brings, on a thread of the vault's. `what` is for the log.

        Raises:
            VaultError: The vault was away for longer than `within` seconds, or is at the process's end.
        """
        deadline = self._monotonic() + within
        for failures in count():
            last = self._closing.is_set() or self._monotonic() >= deadline
            try:
                result = await self._threads.writes(function)
            except VaultError as error:
                if failures == 0 or last:
                    events.error(log, "vault_away", what=what, error=error.message, givenUp=last)
                if last:
                    raise
            else:
                if failures:
                    events.info(log, "vault_back", what=what, failures=failures)
                return result
            await self.pause(AGAIN.pause(failures))
        raise AssertionError("the last try returns or raises")

    async def pause(self, seconds: float) -> None:
        """Pause for so many seconds, or until the process is to end."""
        waits = {asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._closing.wait())}
        _, left = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in left:
            one.cancel()

    def close(self) -> None:
        """End all pauses: what waits for the vault tries once more, and then gives up."""
        self._closing.set()
