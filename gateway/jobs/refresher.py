"""Renews tokens before they expire: a bounded number a second, so many at once, shared with all replicas.

Which grants are due, and who takes care of them, is decided in the database (vault/refresh_queue.py). The
refresh itself takes the lease that every other one takes, so a token that is fresh by then costs no call.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from gateway.errors import Problem
from gateway.settings.settings import Settings
from gateway.tokens.retries import Sleep
from gateway.tokens.service import TokenService
from gateway.util import counters, events
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.grant_rows import REFRESH_JITTER
from gateway.vault.refresh_queue import LONGEST_CLAIM, MARGIN, RefreshQueue

log = logging.getLogger(__name__)


class Refresher:
    """One process's share of the work."""

    def __init__(
        self,
        settings: Settings,
        queue: RefreshQueue,
        tokens: TokenService,
        threads: Threads,
        *,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = settings.refresh_rate
        self._most = settings.refresh_concurrency
        self._unused = settings.refresh_unused
        self._queue = queue
        self._tokens = tokens
        self._threads = threads
        self._sleep = sleep
        self._monotonic = monotonic
        self._next_start = 0.0
        self._stopping = False

    def stop(self) -> None:
        """Claim nothing more; what is under way is finished by the round that runs."""
        self._stopping = True

    async def round(self) -> Counter[str]:
        """Refresh until nothing is due, and return how often it ended how: `ok`, or a Problem's reason."""
        outcomes: Counter[str] = Counter()
        running: set[asyncio.Task[str]] = set()
        try:
            while True:
                for grant_id in await self._claim(self._most - len(running)):
                    await self._keep_pace()
                    running.add(asyncio.create_task(self._refresh(grant_id)))
                if not running:
                    return outcomes
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                outcomes.update(task.result() for task in done)
        finally:
            # Also where the database failed in between: nothing is left to itself.
            outcomes.update(await asyncio.gather(*running))
            if outcomes:
                events.info(log, "refreshed_ahead", outcomes=dict(sorted(outcomes.items())))

    async def _claim(self, free: int) -> list[int]:
        """Claim what can be begun soon; nothing while few places are free: a batch costs one statement."""
        if self._stopping or free < min(self._most, max(1, self._most // 4)):
            return []
        return await self._threads.writes(
            partial(
                self._queue.claim,
                min(free, 2 * self._rate),
                margin=MARGIN,
                unused=self._unused,
                milliseconds=LONGEST_CLAIM,
            )
        )

    async def _keep_pace(self) -> None:
        """Wait until the next refresh may begin, by the rate."""
        now = self._monotonic()
        start = max(self._next_start, now)
        self._next_start = start + 1 / self._rate
        if start > now:
            await self._sleep(start - now)

    async def _refresh(self, grant_id: int) -> str:
        """Refresh one grant unless it is fresh by now; return how that ended."""
        try:
            held = await self._tokens.renew_ahead(grant_id, MARGIN + REFRESH_JITTER)
            outcome = "ok" if held is not None else "somebody_else"
        except Problem as problem:
            outcome = problem.reason
        except VaultError:
            outcome = "vault_unavailable"
        except Exception as error:
            # A failure that nobody foresaw is one grant's: the others are not to wait for it.
            events.error(log, "refresh_ahead_failed", grant=grant_id, type=type(error).__name__)
            outcome = "internal"
        counters.refreshed_ahead(outcome)
        return outcome
