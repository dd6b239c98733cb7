"""The first look at a store: whether Amazon answers for it in the region that it is kept under."""

from functools import partial

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.selling_partner_api import SellingPartnerApi
from gateway.amazon.session import AmazonSession
from gateway.applications.call_breaker import CallCircuitBreaker
from gateway.authorization.patient_vault import PatientVault
from gateway.model import Grant, Region
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.util.threads import Threads
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
        threads: Threads,
    ) -> None:
        self._vault = vault
        self._patient_vault = patient_vault
        self._threads = threads
        self._breaker = CallCircuitBreaker(settings, vault, threads)
        self.selling_partner_api = SellingPartnerApi(session)

    async def check(self, region: Region, access_token: Secret) -> str:
        """Look once whether a store answers, and return what came of it, which never undoes a grant."""
        try:
            found = await self._threads.amazon(self.selling_partner_api.check_store, region, access_token)
        except AmazonFailure as failure:
            if failure.kind == "secret_expired":
                await self._breaker.refused("spapi")
            return f"{NOT_CHECKED}: {failure.detail}"
        if found == "verified":
            await self._breaker.store_checked("spapi")
        return found

    async def record(self, grant: Grant, verification: str) -> None:
        """Note with the grant what a check has found, if it could be made. Raise VaultError."""
        if not verification.startswith(NOT_CHECKED):
            note = partial(self._vault.grants.set_verified, grant.id, verification == "verified")
            await self._patient_vault.call(f"check of grant {grant.id}", note, NOTING_PATIENCE)
