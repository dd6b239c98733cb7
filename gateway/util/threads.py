"""Where blocking work goes, so that the event loop never waits: in lanes for the vault, Amazon and others.

Lanes, because a slow Amazon must not use up the threads that reads of the vault need, nor a user's long calls
those that tokens are refreshed with.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync

P = ParamSpec("P")
T = TypeVar("T")

VAULT_THREADS = 8
AMAZON_THREADS = 32
PROXY_THREADS = 32
NOTICE_THREADS = 2


class Threads:
    """Runs blocking functions off the event loop, at most so many at a time."""

    def __init__(self, more_for_amazon: int = 0) -> None:
        """`more_for_amazon`: threads beside those that users' calls may need."""
        self._vault = anyio.CapacityLimiter(VAULT_THREADS)
        self._amazon = anyio.CapacityLimiter(AMAZON_THREADS + more_for_amazon)
        self._proxy = anyio.CapacityLimiter(PROXY_THREADS)
        self._notices = anyio.CapacityLimiter(NOTICE_THREADS)

    async def vault(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that waits for the database."""
        return await run_sync(lambda: function(*args, **kwargs), limiter=self._vault)

    async def amazon(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that waits for Amazon."""
        return await run_sync(lambda: function(*args, **kwargs), limiter=self._amazon)

    async def proxy(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that a user makes through the gateway, or handle its body."""
        return await run_sync(lambda: function(*args, **kwargs), limiter=self._proxy)

    async def notices(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that waits for the owner's webhook."""
        return await run_sync(lambda: function(*args, **kwargs), limiter=self._notices)
