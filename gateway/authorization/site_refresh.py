"""Reading anew at which sites stores take part: some stores at a time, so that a slow one holds up nobody.

A store that cannot be read keeps what was known of it. A token that Amazon refuses is renewed once: then
either the sites come, or it is known why not.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.selling_partner_api import StoreLook
from gateway.authorization.store_check import CHECK_REASONS, StoreCheck
from gateway.errors import Problem
from gateway.model import Grant
from gateway.tokens.grant_tokens import GrantTokens
from gateway.tokens.service import TokenService
from gateway.tokens.single_flight import SingleFlight
from gateway.util import events

log = logging.getLogger(__name__)

# A part of CHECKS_OF_A_USER, so that a consent or an import of the same user finds a place meanwhile.
AT_ONCE = 4
# So many seconds a caller waits for all of them; clients wait for half a minute.
PATIENCE = 20.0


class SiteRefresh:
    """Asks Amazon for the sites of stores: one question for each store at a time, for all its callers."""

    def __init__(self, store_check: StoreCheck, tokens: TokenService, patience: float = PATIENCE) -> None:
        self._store_check = store_check
        self._tokens = tokens
        self._patience = patience
        self._flights: SingleFlight[int, None] = SingleFlight()

    async def refresh(self, stores: Sequence[Grant]) -> dict[int, Problem]:
        """Read the sites of one user's stores; return why which could not be read, by the grant's number.

        What takes longer than `patience` seconds counts as not answered. Raise VaultError.
        """
        turns = asyncio.Semaphore(AT_ONCE)
        tasks = {store.id: asyncio.create_task(self._in_turn(turns, store)) for store in stores}
        late = Problem("amazon_failed", f"no answer within {self._patience:g} seconds")
        try:
            if tasks:
                await asyncio.wait(
                    tasks.values(), timeout=self._patience, return_when=asyncio.FIRST_EXCEPTION
                )
            problems = {number: task.result() if task.done() else late for number, task in tasks.items()}
            return {number: problem for number, problem in problems.items() if problem is not None}
        finally:  # also where the caller has gone, or the vault is away
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _in_turn(self, turns: asyncio.Semaphore, store: Grant) -> Problem | None:
        """Read the sites of a store; return why they could not be read. Raise VaultError."""
        async with turns:
            try:
                await self._flights.join(store.id, partial(self._read, store.id))
            except Problem as problem:
                return problem
            return None

    async def _read(self, grant_id: int) -> None:
        """Ask for the sites of a store and keep them. Raise Problem, VaultError."""
        held = await self._tokens.fresh(grant_id)
        try:
            look = await self._look(held)
        except AmazonFailure as failure:
            raise problem_of(failure) from None
        await self._store_check.keep_sites(held.grant, look)
        events.info(log, "sites_read", grant=grant_id, check=look.verification)
        if look.verification in CHECK_REASONS:
            raise Problem(CHECK_REASONS[look.verification])

    async def _look(self, held: GrantTokens) -> StoreLook:
        """Ask for a store, once more where its token is refused. Raise AmazonFailure, Problem."""
        ask = partial(self._store_check.ask, held.grant.user_id, held.grant.seller_id, held.grant.region)
        try:
            return await ask(held.tokens.access_token)
        except AmazonFailure as failure:
            renewed = await self._tokens.in_place_of(held) if failure.kind == "forbidden" else None
            if renewed is None:
                raise
        return await ask(renewed)
