"""What everything that runs by itself runs on: work that is done again and again until the process ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.util import counters, events
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)

# So many rounds in a row that failed are no hiccup any more.
FAILING_ROUNDS = 3


class PeriodicJob:
    """Calls `run`, waits `seconds`, and so on. No failure of any kind ends that.

    It waits first, unless it begins `at_once`. `cut_short` makes a round under way end soon: it is called
    once, when the job is stopped.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[], Awaitable[object]],
        seconds: float,
        *,
        at_once: bool = False,
        cut_short: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        counters.job_known(name)
        self._run_once = run
        self._seconds = seconds
        self._at_once = at_once
        self._cut_short = cut_short
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed_in_a_row = 0

    @property
    def is_failing(self) -> bool:
        """Whether the last rounds have all failed."""
        return self._failed_in_a_row >= FAILING_ROUNDS

    def start(self) -> None:
        """Begin, on the event loop that runs."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Wait until the round that is under way has ended; no other begins."""
        self._stopped.set()
        if self._cut_short is not None:
            self._cut_short()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        if not self._at_once:
            await self._wait()
        while not self._stopped.is_set():
            await self._round()
            await self._wait()

    async def _wait(self) -> None:
        """Wait for the next round, or until the job is stopped."""
        try:
            await asyncio.wait_for(self._stopped.wait(), self._seconds)
        except TimeoutError:
            return

    async def _round(self) -> None:
        """Do the work once. A failure is logged without its text, which may hold what nobody is to read."""
        try:
            await self._run_once()
            self._failed_in_a_row = 0
        except VaultError as error:
            events.warning(log, "round_failed", job=self.name, error=error.message)
            self._count_failure()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # What the round waited for was canceled, not the job.
            events.error(log, "round_failed", job=self.name, type="CancelledError")
            self._count_failure()
        except Exception as error:
            events.error(log, "round_failed", job=self.name, type=type(error).__name__)
            self._count_failure()

    def _count_failure(self) -> None:
        self._failed_in_a_row += 1
        counters.round_failed(self.name)
