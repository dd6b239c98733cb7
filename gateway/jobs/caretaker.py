"""Puts right what went wrong: probes suspended applications, and settles attempts that were left behind."""

import asyncio
import logging

from gateway.errors import Problem
from gateway.model import Flow
from gateway.tokens.service import TokenService
from gateway.util.threads import Threads
from gateway.vault.attempts import LONGEST_EXCHANGE
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

FLOWS: tuple[Flow, ...] = ("spapi", "ads")


class Caretaker:
    """The work of its rounds."""

    def __init__(self, vault: Vault, tokens: TokenService, threads: Threads) -> None:
        self._vault = vault
        self._tokens = tokens
        self._threads = threads

    async def tidy_attempts(self) -> None:
        """End the exchanges that a replica left behind, and forget attempts long past. Raise VaultError."""
        await self._threads.vault(self._vault.attempts.settle_interrupted, LONGEST_EXCHANGE)
        await self._threads.vault(self._vault.attempts.forget_old)

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
                log.info("probe_failed flow=%s reason=%s", flow, problem.reason)
