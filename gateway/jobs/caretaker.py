"""Puts right what went wrong.

Probes suspended applications, settles attempts that were left behind, reads profiles that are missing, and
forgets what is over.
"""

import asyncio
import logging

from gateway.authorization.profile_sync import ProfileSync
from gateway.errors import Problem
from gateway.model import Flow
from gateway.tokens.service import TokenService
from gateway.util import events
from gateway.util.threads import Threads
from gateway.vault.attempts import LONGEST_EXCHANGE
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

FLOWS: tuple[Flow, ...] = ("spapi", "ads")


class Caretaker:
    """The work of its rounds."""

    def __init__(
        self, vault: Vault, tokens: TokenService, profile_sync: ProfileSync, threads: Threads
    ) -> None:
        self._vault = vault
        self._tokens = tokens
        self._profile_sync = profile_sync
        self._threads = threads

    async def tidy_attempts(self) -> None:
        """End what nobody finished or a replica left behind; forget what is long past. Raise VaultError."""
        while await self._threads.writes(self._vault.attempts.settle_expired):
            pass
        await self._threads.writes(self._vault.attempts.settle_interrupted, LONGEST_EXCHANGE)
        await self._threads.writes(self._vault.attempts.forget_old)

    async def forget_buckets(self) -> None:
        """Forget how many calls Amazon takes of operations that nobody calls any more. Raise VaultError."""
        await self._threads.writes(self._vault.call_buckets.forget_old)

    async def complete_profiles(self) -> None:
        """Ask Amazon for the profiles that could not be read, account by account. Raise VaultError.

        When an account's turn is, is decided where it is claimed.
        """
        while (grant_id := await self._threads.writes(self._vault.unread_profiles.claim_due)) is not None:
            try:
                await self._profile_sync.sync(grant_id)
            except Problem as problem:
                events.info(log, "profiles_still_unread", grant=grant_id, reason=problem.reason)

    async def probe_applications(self) -> None:
        """Find out whether Amazon takes a suspended application again. Raise VaultError."""
        outcomes = await asyncio.gather(*map(self._probe, FLOWS), return_exceptions=True)
        for failure in outcomes:
            if failure is not None:
                raise failure

    async def _probe(self, flow: Flow) -> None:
        """Refresh one grant of a suspended application.

        Which process may, and when, is decided where every refresh is admitted.
        """
        if not await self._tokens.suspended(flow):
            return
        grant_id = await self._threads.vault(self._vault.grants.to_probe_with, flow)
        if grant_id is not None:
            try:
                await self._tokens.refresh(grant_id)
            except Problem as problem:
                events.info(log, "probe_failed", application=flow, reason=problem.reason)
