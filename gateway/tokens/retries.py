"""How a refresh is asked again: a few times, with growing and jittered pauses, within a time budget."""

import time
from collections.abc import Awaitable, Callable
from random import random
from typing import TypeVar

from gateway.amazon.failures import AmazonFailure

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


class Retries:
    """Asks again while a failure is passing.

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
        randomness: Callable[[], float] = random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._tries = tries
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._budget = budget
        self._randomness = randomness
        self._monotonic = monotonic

    async def call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` brings. Raises the last AmazonFailure."""
        started = self._monotonic()
        pause = self._first_pause
        for left in reversed(range(self._tries)):
            try:
                return await ask()
            except AmazonFailure as failure:
                wanted = max(pause * (0.5 + self._randomness() / 2), failure.retry_after or 0)
                spent = self._monotonic() - started
                if (
                    not (left and failure.passing)
                    or wanted > self._longest_pause
                    or spent + wanted > self._budget
                ):
                    raise
            await self._sleep(wanted)
            pause *= 2
        raise AssertionError("the last try returns or raises")
