"""From the tokens of a consent to a kept grant: storing them, and the first look at what they open."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from gateway.authorization.patient_vault import PatientVault
from gateway.authorization.profile_sync import ProfileSync
from gateway.authorization.store_check import StoreCheck
from gateway.model import Attempt, Flow, Grant, Tokens
from gateway.regions import INDIA
from gateway.util import counters, events
from gateway.util.clock import Clock
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

YEAR = 365 * 24 * 3600
# Ads consents given from this day on last 365 days (references/amazon.md: lifetimes).
ADS_CONSENTS_END_SINCE = datetime(2026, 7, 30, tzinfo=UTC).timestamp()


class Keeping:
    """Keeps what consents gave. Whenever the vault is away, it is waited for."""

    def __init__(
        self,
        vault: Vault,
        clock: Clock,
        store_check: StoreCheck,
        profile_sync: ProfileSync,
        patient_vault: PatientVault,
    ) -> None:
        self._vault = vault
        self._clock = clock
        self._store_check = store_check
        self._profile_sync = profile_sync
        self._patient_vault = patient_vault

    async def keep(self, attempt: Attempt, seller_id: str | None, tokens: Tokens) -> None:
        """Store the tokens, which ends the attempt, and look at the store or account once.

        Whatever comes of that look, the tokens are kept.

        Raises:
            GrantGone: What was to be authorized again has been removed.
            ConnectedElsewhere: What was authorized is kept for another customer.
            VaultError: The process ends before the vault takes them.
        """
        given_at = int(self._clock.now())
        authorize = partial(
            self._vault.authorizations.authorize,
            attempt,
            seller_id if attempt.flow == "spapi" else None,
            tokens,
            _end_of(attempt.flow, given_at),
            given_at,
        )
        grant = await self._patient_vault.call(f"attempt {attempt.id}", authorize)
        counters.authorization_came_to(attempt.flow, "authorized")
        events.info(
            log,
            "authorized",
            authorizationId=attempt.id,
            grant=grant.id,
            application=attempt.flow,
            region=grant.region,
        )
        look = self._look_at_store if attempt.flow == "spapi" else self._look_at_account
        try:
            await look(attempt, grant, tokens)
        except VaultError as error:
            events.warning(
                log, "first_look_failed", authorizationId=attempt.id, grant=grant.id, error=error.message
            )

    async def _look_at_store(self, attempt: Attempt, grant: Grant, tokens: Tokens) -> None:
        """Note what a look at the store brings, and keep one of India's where Amazon serves it."""
        region, look = await self._store_check.find(
            grant.user_id, grant.seller_id, grant.region, tokens.access_token
        )
        if region != grant.region:
            there = replace(attempt, region=region, marketplace=INDIA)
            move = partial(self._vault.authorizations.move, there, grant, tokens)
            grant = await self._patient_vault.call(f"attempt {attempt.id}", move)
            events.info(log, "store_moved", authorizationId=attempt.id, grant=grant.id, region=grant.region)
        await self._store_check.record(grant, look)
        record = partial(self._vault.attempts.record_verification, attempt.id, look.verification)
        await self._patient_vault.call(f"attempt {attempt.id}", record)

    async def _look_at_account(self, attempt: Attempt, grant: Grant, tokens: Tokens) -> None:
        synced = await self._profile_sync.first_sync(grant, tokens.access_token)
        record = partial(self._vault.attempts.record_profile_sync, attempt.id, synced.word)
        await self._patient_vault.call(f"attempt {attempt.id}", record)


def _end_of(flow: Flow, given_at: int) -> int | None:
    """Return when an authorization ends that is given now (epoch seconds), or None where nobody knows."""
    return given_at + YEAR if flow == "spapi" or given_at >= ADS_CONSENTS_END_SINCE else None
