"""What is done for tokens without anybody asking: suspended applications are probed, and what Amazon answered
and the vault could not take is stored once it can."""

import asyncio
import logging

from gateway.problems import Problem
from gateway.threads import Threads
from gateway.tokens.service import TokenService
from gateway.vault import Vault
from gateway.vault.errors import VaultError
from gateway.vault.records import Flow

log = logging.getLogger(__name__)

FLOWS: tuple[Flow, ...] = ("spapi", "ads")


class Caretaker:
    """Goes its round every `pause` seconds."""

    def __init__(self, vault: Vault, tokens: TokenService, threads: Threads, pause: float) -> None:
        self._vault = vault
        self._tokens = tokens
        self._threads = threads
        self._pause = pause

    async def run(self) -> None:
        """Go on until cancelled."""
        task = asyncio.current_task()
        while task is not None and not task.cancelling():
            await asyncio.sleep(self._pause)
            try:
                await self._tokens.store_unstored()
                for flow in FLOWS:
                    await self._probe(flow)
            except VaultError as error:
                log.warning("caretaker_failed error=%r", error.message)

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
