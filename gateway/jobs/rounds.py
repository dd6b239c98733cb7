"""Work that a process does by itself, round after round, until it is told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)


class Rounds:
    """Calls `work`, waits `seconds`, and so on. A round that fails does not end the rounds."""

    def __init__(self, name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
        self._name = name
        self._work = work
        self._seconds = seconds
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin the first round."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Let the round that is under way finish, and begin no other."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                await self._work()
            except VaultError as error:
                log.warning("round_failed job=%s error=%r", self._name, error.message)
            except Exception as error:
                log.error("round_failed job=%s type=%s", self._name, type(error).__name__)
            try:
                await asyncio.wait_for(self._stopped.wait(), self._seconds)
            except TimeoutError:
                continue
