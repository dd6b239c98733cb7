"""How Amazon is asked again: a few times, with growing and jittered pauses, within a time budget."""

import time
from collections.abc import Awaitable, Callable
from operator import attrgetter
from random import random
from typing import TypeVar

from gateway.amazon.failures import AmazonFailure
from gateway.util.backoff import Backoff

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class Retries:
    """Asks again while a failure is passing, or of those that `repeatable` names.

    `tries` in all; pauses are half to the whole of `first_pause`, doubled each time; after `budget` seconds,
    or where Amazon wants a longer pause than `longest_pause`, the failure is final.
    """

    def __init__(
        self,
        sleep: Sleep,
        *,
        tries: int = 3,
        first_pause: float = 0.25,
        longest_pause: float = 5.0,
        budget: float = 20.0,
        repeatable: Callable[[AmazonFailure], bool] = attrgetter("passing"),
        randomness: Callable[[], float] = random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._tries = tries
        self._backoff = Backoff(first_pause)
        self._longest_pause = longest_pause
        self._budget = budget
        self._repeatable = repeatable
        self._randomness = randomness
        self._monotonic = monotonic

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` brings. Raise the last AmazonFailure."""
        started = self._monotonic()
        for failed in range(self._tries):
            try:
                return await ask()
            except AmazonFailure as failure:
                pause = max(self._backoff.jittered(failed, self._randomness()), failure.retry_after or 0)
                spent = self._monotonic() - started
                last = failed == self._tries - 1 or not self._repeatable(failure)
                if last or pause > self._longest_pause or spent + pause > self._budget:
                    raise
            await self._sleep(pause)
        raise AssertionError("the last try returns or raises")
