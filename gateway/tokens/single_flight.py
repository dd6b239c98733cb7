"""One piece of work for each key at a time, within a process: who comes meanwhile shares its result."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """The work that is under way, by key."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[T]] = {}

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of the work under way for `key`, or begin `work`. Raise what it raises.

        A caller who is canceled leaves the work running for the others.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(key, work))
            flight.add_done_callback(_retrieve)
            self._flights[key] = flight
        return await asyncio.shield(flight)

    def is_under_way(self, key: K) -> bool:
        """Tell whether somebody is at work for `key`."""
        return key in self._flights

    async def finish_all(self) -> None:
        """Wait for all work that is under way."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def _fly(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            return await work()
        finally:
            del self._flights[key]


def _retrieve(flight: asyncio.Task[T]) -> None:
    """Look at how a flight ended, so that one whose callers have all gone is not reported as forgotten."""
    if not flight.cancelled():
        flight.exception()
