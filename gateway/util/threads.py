"""Where blocking work goes, so that the event loop never waits: in lanes for the vault, Amazon and others.

Lanes, because a slow Amazon must not use up the threads that reads of the vault need, nor a user's long
calls, or an Ads API that hangs, those that tokens are refreshed with; nor writes, which wait for each other,
those of reads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Of these two together the pool of connections to PostgreSQL has one each.
VAULT_THREADS = 6
WRITE_THREADS = 4
AMAZON_THREADS = 32
SYNC_THREADS = 16
CHECK_THREADS = 16
# A sync of profiles takes three threads, so that one user leaves room for two others like it.
SYNCS_OF_A_USER = 2
CHECKS_OF_A_USER = 6
PROXY_THREADS = 32
NOTICE_THREADS = 2


class Threads:
    """Runs blocking functions off the event loop, at most so many at a time, in threads that begin as needed.

    A caller who is canceled leaves the function running.
    """

    def __init__(self, more_for_amazon: int = 0) -> None:
        """`more_for_amazon`: threads beside those that users' calls may need."""
        self._vault = ThreadPoolExecutor(VAULT_THREADS, "vault")
        self._writes = ThreadPoolExecutor(WRITE_THREADS, "writes")
        self._amazon = ThreadPoolExecutor(AMAZON_THREADS + more_for_amazon, "amazon")
        self._syncs = ThreadPoolExecutor(SYNC_THREADS, "syncs")
        self._checks = ThreadPoolExecutor(CHECK_THREADS, "checks")
        self._proxy = ThreadPoolExecutor(PROXY_THREADS, "proxy")
        self._notices = ThreadPoolExecutor(NOTICE_THREADS, "notices")

    async def vault(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that reads from the database."""
        return await _run(self._vault, function, *args, **kwargs)

    async def writes(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that writes into the database, for which it may have to wait for others' writes."""
        return await _run(self._writes, function, *args, **kwargs)

    async def amazon(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a refresh or a code exchange."""
        return await _run(self._amazon, function, *args, **kwargs)

    async def syncs(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a question for advertising profiles."""
        return await _run(self._syncs, function, *args, **kwargs)

    async def checks(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a first look at a store, or at a token to import."""
        return await _run(self._checks, function, *args, **kwargs)

    async def proxy(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that a user makes through the gateway, or handle its body."""
        return await _run(self._proxy, function, *args, **kwargs)

    async def notices(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that waits for the owner's webhook."""
        return await _run(self._notices, function, *args, **kwargs)

    def close(self) -> None:
        """Take no more work. What is under way ends by itself; what has not begun is dropped."""
        amazons = (self._amazon, self._syncs, self._checks, self._proxy)
        for lane in (self._vault, self._writes, *amazons, self._notices):
            lane.shutdown(wait=False, cancel_futures=True)


async def _run(lane: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    # What the function logs and records belongs to the request that wants it.
    work = partial(copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(lane, work)
