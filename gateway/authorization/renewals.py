"""Consent links for grants that have to be authorized again: one for each grant, offered until it is used."""

import asyncio

from gateway.amazon.marketplaces import find_marketplace
from gateway.authorization.starting import (
    AccountAuthorization,
    StartedAuthorization,
    Starter,
    StoreAuthorization,
)
from gateway.model import Grant
from gateway.util.clock import Clock
from gateway.util.threads import Threads
from gateway.vault.vault import Vault

# A link with less than this left is not offered any more: somebody still has to sign in.
LEAST_LEFT = 300


class Renewals:
    """Makes and remembers the links, each bound to the store or account that it renews."""

    def __init__(self, starter: Starter, vault: Vault, clock: Clock, threads: Threads) -> None:
        self._starter = starter
        self._vault = vault
        self._clock = clock
        self._threads = threads
        self._begun: dict[int, StartedAuthorization] = {}
        self._making = asyncio.Lock()

    async def link_for(self, grant: Grant) -> StartedAuthorization:
        """Return a link that authorizes this grant again, and nothing else. Raise Problem."""
        async with self._making:
            known = self._begun.get(grant.id)
            if known is None or not await self._is_open(known, grant):
                known = self._begun[grant.id] = await self._begin(grant)
            return known

    async def _is_open(self, begun: StartedAuthorization, grant: Grant) -> bool:
        """Tell whether a link can still be used, and leaves the grant the name that it has now."""
        if begun.expires_at - self._clock.now() < LEAST_LEFT:
            return False
        attempt = await self._threads.vault(self._vault.attempts.get, begun.attempt_id)
        return attempt is not None and attempt.phase == "pending" and attempt.name == grant.name

    async def _begin(self, grant: Grant) -> StartedAuthorization:
        if grant.flow == "ads":
            account = AccountAuthorization(region=grant.region, name=grant.name, record_id=grant.id)
            return await self._starter.begin_account(grant.user_id, account)
        store = StoreAuthorization(
            region=grant.region,
            name=grant.name,
            marketplace=find_marketplace(grant.marketplace or ""),
            central=grant.central or "seller",
            scopes=grant.requested_scopes,
            seller_id=grant.seller_id,
            record_id=grant.id,
        )
        return await self._starter.begin_store(grant.user_id, store)
