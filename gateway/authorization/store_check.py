"""The first look at a store: whether Amazon answers for it in the region that it is kept under."""

from contextlib import suppress
from functools import partial

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.marketplaces import REGIONS, find_marketplace
from gateway.amazon.selling_partner_api import SellingPartnerApi
from gateway.amazon.session import AmazonSession
from gateway.applications.call_breaker import CallCircuitBreaker
from gateway.applications.shares import Shares
from gateway.authorization.patient_vault import PatientVault
from gateway.errors import Problem
from gateway.model import Grant, Region
from gateway.regions import INDIA, INDIA_ASKED, INDIA_KEPT
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

# How the word begins that says why a store could not be checked.
NOT_CHECKED = "not_checked"
# So many seconds the vault may be away before it is given up to note what was found.
NOTING_PATIENCE = 10.0


class StoreCheck:
    """Looks at stores with their access tokens."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        session: AmazonSession,
        patient_vault: PatientVault,
        shares: Shares,
        threads: Threads,
    ) -> None:
        self._vault = vault
        self._shares = shares
        self._patient_vault = patient_vault
        self._threads = threads
        self._breaker = CallCircuitBreaker(settings, vault, threads)
        self._selling_partner_api = SellingPartnerApi(session)

    async def check(self, user_id: int, region: Region, access_token: Secret) -> str:
        """Look once whether a user's store answers, and return what came of it."""
        try:
            async with self._shares.place_for(user_id):
                found = await self._threads.checks(
                    self._selling_partner_api.check_store, region, access_token
                )
        except AmazonFailure as failure:
            if failure.kind == "secret_expired":
                with suppress(VaultError):  # the next call tells it
                    await self._breaker.refused("spapi")
            return f"{NOT_CHECKED}: {failure.detail}"
        except Problem as problem:
            return f"{NOT_CHECKED}: {problem.detail}"
        if found == "verified":
            with suppress(VaultError):
                await self._breaker.store_checked("spapi")
        return found

    async def find(
        self, user_id: int, region: Region, access_token: Secret, *, known_as_indian: bool = False
    ) -> tuple[Region, str]:
        """Look at a store that is said to be of `region`; return where to keep it, and what came of the look.

        That is another region only for a store of India that came as one of the Far East.
        """
        found = await self.check(user_id, region, access_token)
        if region != INDIA_ASKED or found == "verified":
            return region, found
        if known_as_indian:
            return INDIA_KEPT, await self.check(user_id, INDIA_KEPT, access_token)
        if await self._sells_in_india(user_id, access_token):
            return INDIA_KEPT, "verified"
        return region, found

    async def region_of(self, user_id: int, wrong: Region, access_token: Secret) -> Region | None:
        """Return the region that Amazon answers in for a store that is not of region `wrong`, if it does."""
        for region in REGIONS:
            if region != wrong and await self.check(user_id, region, access_token) == "verified":
                return region
        return None

    async def _sells_in_india(self, user_id: int, access_token: Secret) -> bool:
        site = find_marketplace(INDIA)
        assert site is not None, "India is a site of Amazon's"
        sells_in = self._selling_partner_api.sells_in
        try:
            async with self._shares.place_for(user_id):
                return await self._threads.checks(sells_in, INDIA_KEPT, access_token, site.marketplace_id)
        except (AmazonFailure, Problem):
            return False

    async def record(self, grant: Grant, verification: str) -> None:
        """Note with the grant what a check has found, if it could be made. Raise VaultError."""
        if not verification.startswith(NOT_CHECKED):
            note = partial(self._vault.grants.set_verified, grant.id, verification == "verified")
            await self._patient_vault.call(f"check of grant {grant.id}", note, NOTING_PATIENCE)
