"""What is done without anybody asking: suspended applications are probed, what Amazon answered and the vault
could not take is stored once it can, and now and then attempts are settled and the old ones forgotten."""

import asyncio
import logging

from gateway.errors import Problem
from gateway.model import Flow
from gateway.tokens.service import TokenService
from gateway.util.threads import Threads
from gateway.vault.attempts import LONGEST_EXCHANGE
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

# Each so many rounds: with the usual pause every five minutes.
ATTEMPT_ROUNDS = 60
FLOWS: tuple[Flow, ...] = ("spapi", "ads")


class Caretaker:
    """Goes its round every `pause` seconds."""

    def __init__(self, vault: Vault, tokens: TokenService, threads: Threads, pause: float) -> None:
        self._vault = vault
        self._tokens = tokens
        self._threads = threads
        self._pause = pause

    async def run(self) -> None:
        """Go on until canceled."""
        task = asyncio.current_task()
        rounds = 0
        while task is not None and not task.cancelling():
            await asyncio.sleep(self._pause)
            try:
                await self._tokens.store_unstored()
                for flow in FLOWS:
                    await self._probe(flow)
                if rounds % ATTEMPT_ROUNDS == 0:
                    await self._threads.vault(self._tidy_attempts)
            except VaultError as error:
                log.warning("caretaker_failed error=%r", error.message)
            rounds += 1

    def _tidy_attempts(self) -> None:
        """End the exchanges that a replica left behind while others ran on, and forget what is long past."""
        self._vault.attempts.settle_interrupted(LONGEST_EXCHANGE)
        self._vault.attempts.forget_old()

    async def _probe(self, flow: Flow) -> None:
        """Find out whether Amazon takes a suspended application again: by refreshing one of its grants.

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
