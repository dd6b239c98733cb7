"""A look at a store: whether Amazon answers for it in the region that it is kept under, with which sites."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.marketplaces import REGIONS, find_marketplace
from gateway.amazon.selling_partner_api import SellingPartnerApi, StoreLook
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

# What the words of a look that was answered mean, but for `verified`: rows of references/errors.json.
CHECK_REASONS = {"unverified": "role_missing", "wrong_region": "wrong_region"}
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
        count_check: Callable[[Region, str | None], Awaitable[None]],
    ) -> None:
        """`count_check` is told of each question, by region and seller, before Amazon is asked."""
        self._vault = vault
        self._shares = shares
        self._patient_vault = patient_vault
        self._threads = threads
        self._count_check = count_check
        self._breaker = CallCircuitBreaker(settings, vault, threads)
        self._selling_partner_api = SellingPartnerApi(session)

    async def ask(
        self, user_id: int, seller_id: str | None, region: Region, access_token: Secret
    ) -> StoreLook:
        """Ask Amazon once for a user's store. Raise AmazonFailure; Problem where the user's share is full."""
        check_store = self._selling_partner_api.check_store
        try:
            async with self._shares.place_for(user_id):
                await self._count_check(region, seller_id)
                found = await self._threads.checks(check_store, region, access_token)
        except AmazonFailure as failure:
            if failure.kind == "secret_expired":
                with suppress(VaultError):  # the next call tells it
                    await self._breaker.refused("spapi")
            raise
        if found.verification == "verified":
            with suppress(VaultError):
                await self._breaker.store_checked("spapi")
        return found

    async def check(
        self, user_id: int, seller_id: str | None, region: Region, access_token: Secret
    ) -> StoreLook:
        """Look once whether a user's store answers, and return what came of it, whatever that is."""
        try:
            return await self.ask(user_id, seller_id, region, access_token)
        except (AmazonFailure, Problem) as error:
            return StoreLook(f"{NOT_CHECKED}: {error.detail}")

    async def find(
        self,
        user_id: int,
        seller_id: str | None,
        region: Region,
        access_token: Secret,
        *,
        known_as_indian: bool = False,
    ) -> tuple[Region, StoreLook]:
        """Look at a store that is said to be of `region`; return where to keep it, and what came of the look.

        That is another region only for a store of India that came as one of the Far East.
        """
        found = await self.check(user_id, seller_id, region, access_token)
        if region != INDIA_ASKED or found.verification == "verified":
            return region, found
        there = await self.check(user_id, seller_id, INDIA_KEPT, access_token)
        if known_as_indian or _sells_in_india(there):
            return INDIA_KEPT, there
        return region, found

    async def region_of(
        self, user_id: int, seller_id: str | None, wrong: Region, access_token: Secret
    ) -> Region | None:
        """Return the region that Amazon answers in for a store that is not of region `wrong`, if it does."""
        for region in REGIONS:
            if region == wrong:
                continue
            found = await self.check(user_id, seller_id, region, access_token)
            if found.verification == "verified":
                return region
        return None

    async def record(self, grant: Grant, look: StoreLook, *, names_seller: bool = True) -> None:
        """Note with the grant what the first look has found, as far as it was answered. Raise VaultError.

        `names_seller`: whether the consent has shown whose the token is. Else an answer proves no store.
        """
        verified = look.verification == "verified"
        if look.verification in CHECK_REASONS or (verified and names_seller):
            note = partial(self._vault.grants.set_verified, grant.id, verified)
            await self._patient_vault.call(f"check of grant {grant.id}", note, NOTING_PATIENCE)
        await self.keep_sites(grant, look)

    async def keep_sites(self, grant: Grant, look: StoreLook) -> None:
        """Keep the sites that a look has found; without any, what was known stays. Raise VaultError."""
        if look.sites is not None:
            keep = partial(self._vault.store_sites.keep, grant.id, look.sites)
            await self._patient_vault.call(f"sites of grant {grant.id}", keep, NOTING_PATIENCE)


def _sells_in_india(look: StoreLook) -> bool:
    """Tell whether a look at Europe found that the seller takes part in India."""
    india = find_marketplace(INDIA)
    assert india is not None, "India is a site of Amazon's"
    return any(
        site.marketplace_id == india.marketplace_id and site.participating for site in look.sites or ()
    )
