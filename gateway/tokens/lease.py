"""The right to refresh one grant, among all processes: taken in its row, and renewed while it is used."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.model import Grant, Lease, Tokens
from gateway.util import events
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.leases import Leases

if TYPE_CHECKING:  # PostgreSQL's dialect, which who uses SQLite does not load
    from gateway.vault.postgresql_leases import PostgresqlLeases

log = logging.getLogger(__name__)


@dataclass(slots=True)
class KeptLease:
    """A lease that is kept. `ended`: what was stored under it ended it, so there is nothing to give back."""

    lease: Lease
    ended: bool = False


class LeaseKeeper:
    """Takes and keeps the leases of one process, each for `seconds` unless it is renewed.

    `at_once`: what can do without a thread what every refresh does, where the database allows it.
    """

    def __init__(
        self, leases: Leases, threads: Threads, seconds: float, at_once: "PostgresqlLeases | None" = None
    ) -> None:
        self._leases = leases
        self._at_once = at_once
        self._threads = threads
        self._owner = secrets.token_hex(8)
        self._milliseconds = int(seconds * 1000)
        self.seconds = seconds

    async def take(self, grant_id: int) -> Lease | None:
        """Take the lease of a grant; None while somebody else has it. Raise VaultError."""
        return await self._threads.writes(self._leases.take, grant_id, self._owner, self._milliseconds)

    async def take_with_tokens(self, grant_id: int) -> tuple[Lease, Grant, Tokens] | None:
        """Take the lease of a grant and read what it holds; None as `take`. Raise VaultError."""
        if self._at_once is not None:
            return await self._at_once.take_with_tokens(grant_id, self._owner, self._milliseconds)
        return await self._threads.writes(
            self._leases.take_with_tokens, grant_id, self._owner, self._milliseconds
        )

    @contextlib.asynccontextmanager
    async def keep(self, lease: Lease) -> AsyncIterator[KeptLease]:
        """Renew the lease while the body runs, and give it back afterwards unless it has ended."""
        kept = KeptLease(lease)
        renewing: set[asyncio.Task[None]] = set()

        def begin_to_renew() -> None:
            renewing.add(asyncio.create_task(self._renew_until_canceled(lease)))

        # Hardly any refresh takes so long that there is something to renew.
        timer = asyncio.get_running_loop().call_later(self.seconds / 3, begin_to_renew)
        try:
            yield kept
        finally:
            timer.cancel()
            for task in renewing:
                task.cancel()
            await asyncio.gather(*renewing, return_exceptions=True)
            if not kept.ended:
                await self._release(lease)

    async def store(self, kept: KeptLease, seen_version: int, tokens: Tokens) -> bool:
        """Store refreshed tokens, which ends the lease; False where others are newer. Raise VaultError."""
        what = (kept.lease, seen_version, tokens)
        kept.ended = self._at_once is not None and await self._at_once.store_refresh(*what)
        if not kept.ended:
            kept.ended = await self._threads.writes(self._leases.store_refresh, *what)
        return kept.ended

    async def _release(self, lease: Lease) -> None:
        try:
            await self._threads.writes(self._leases.release, lease)
        except VaultError as error:
            events.warning(log, "lease_not_released", grant=lease.grant_id, error=error.message)

    async def _renew_until_canceled(self, lease: Lease) -> None:
        while True:
            with contextlib.suppress(VaultError):
                if not await self._threads.writes(self._leases.renew, lease, self._milliseconds):
                    return
            await asyncio.sleep(self.seconds / 3)
