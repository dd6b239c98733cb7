"""Refresh tokens that were made elsewhere, as for a self-authorized application (references/amazon.md).

One is kept only after one refresh has proved it. A refusal changes nothing: neither a grant that is there,
nor what is thought of the application.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial

from gateway.amazon.failures import AmazonFailure, FailureKind, problem_of
from gateway.amazon.login_with_amazon import LoginWithAmazon
from gateway.applications.credentials import application_id, token_client
from gateway.applications.shares import Shares
from gateway.authorization.patient_vault import PatientVault
from gateway.authorization.profile_sync import ProfileSync, SyncState
from gateway.authorization.scopes import ADS_SCOPE
from gateway.authorization.store_check import StoreCheck
from gateway.errors import Problem
from gateway.model import Flow, Grant, Import, Kept, Region, Tokens
from gateway.regions import INDIA, is_indian
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.background_tasks import BackgroundTasks
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

# So many seconds a caller waits for the vault to take what Amazon answered; clients wait for half a minute.
STORE_PATIENCE = 15.0

log = logging.getLogger(__name__)

# What Amazon's refusal of an import means; all other failures mean what they mean everywhere.
IMPORT_REASONS: dict[FailureKind, str] = {
    "invalid_grant": "import_refused",
    "unauthorized_client": "import_of_another_client",
    "invalid_client": "app_credentials",
}


@dataclass(frozen=True, slots=True)
class ImportedStore:
    """A store that is kept now. `verification`: what the check found, as of an attempt.

    `replaced`: what was kept before under the same id, or None.
    """

    grant: Grant
    verification: str
    replaced: Grant | None


@dataclass(frozen=True, slots=True)
class ImportedAccount:
    """An ads account that is kept now. `state`: what is known of its profiles; `replaced`: as of a store."""

    grant: Grant
    state: SyncState
    replaced: Grant | None


class Importer:
    """Proves and keeps imported refresh tokens."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        login: LoginWithAmazon,
        store_check: StoreCheck,
        profile_sync: ProfileSync,
        clock: Clock,
        patient_vault: PatientVault,
        shares: Shares,
        threads: Threads,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._login = login
        self._store_check = store_check
        self._profile_sync = profile_sync
        self._clock = clock
        self._patient_vault = patient_vault
        self._shares = shares
        self._threads = threads
        self._tasks = BackgroundTasks()

    async def import_store(
        self, user_id: int, seller_id: str, region: Region, name: str, refresh_token: Secret
    ) -> ImportedStore:
        """Keep a store's refresh token and return its grant, an Indian one's under Europe. Raise Problem."""
        wanted = Import(user_id, "spapi", self._app_id("spapi"), region, name, seller_id)
        # It goes on even if the caller goes away: Amazon may have changed the refresh token.
        return await asyncio.shield(self._tasks.begin(self._import_store(wanted, refresh_token)))

    async def import_account(
        self, user_id: int, region: Region, name: str, refresh_token: Secret
    ) -> ImportedAccount:
        """Keep an ads account's refresh token and return what is known of its profiles. Raise Problem."""
        wanted = Import(user_id, "ads", self._app_id("ads"), region, name, requested_scopes=(ADS_SCOPE,))
        return await asyncio.shield(self._tasks.begin(self._import_account(wanted, refresh_token)))

    async def finish_all(self) -> None:
        """Wait for the imports that are under way; what the vault does not take now is lost. At shutdown."""
        self._patient_vault.close()
        await self._tasks.finish_all()

    def _app_id(self, flow: Flow) -> str:
        return application_id(self._settings, flow)

    async def _import_store(self, wanted: Import, refresh_token: Secret) -> ImportedStore:
        assert wanted.seller_id is not None, "a store has a seller"
        known = await self._threads.vault(self._vault.grants.stores_of, wanted.user_id, wanted.seller_id)
        tokens = await self._proved(wanted, refresh_token)
        found, look = await self._store_check.find(
            wanted.user_id,
            wanted.seller_id,
            wanted.region,
            tokens.access_token,
            known_as_indian=is_indian(known),
        )
        if look.verification == "wrong_region":
            raise await self._wrong_region(wanted, tokens)
        if found != wanted.region:
            wanted = replace(wanted, region=found, marketplace=INDIA)
        grant, replaced = await self._kept(wanted, tokens)
        try:
            await self._store_check.record(grant, look, names_seller=False)
            checked = await self._threads.vault(self._vault.grants.get, grant.id)
        except VaultError as error:  # the tokens are kept
            events.warning(log, "first_look_failed", grant=grant.id, error=error.message)
            checked = None
        return ImportedStore(checked or grant, look.verification, replaced)

    async def _wrong_region(self, wanted: Import, tokens: Tokens) -> Problem:
        """Return the refusal of a token that is not of the region, with the right one where that is known."""
        right = await self._store_check.region_of(
            wanted.user_id, wanted.seller_id, wanted.region, tokens.access_token
        )
        return Problem("import_wrong_region", f"Amazon answers for it under {right}" if right else "")

    async def _import_account(self, wanted: Import, refresh_token: Secret) -> ImportedAccount:
        tokens = await self._proved(wanted, refresh_token)
        grant, replaced = await self._kept(wanted, tokens)
        state = await self._profile_sync.first_sync(grant, tokens.access_token)
        return ImportedAccount(grant, state, replaced)

    async def _proved(self, wanted: Import, refresh_token: Secret) -> Tokens:
        """Refresh once, and return what Amazon answered. Raise Problem."""
        client = token_client(self._settings, wanted.flow, wanted.region)
        try:
            async with self._shares.place_for(wanted.user_id):
                answer = await self._threads.checks(self._login.refresh, client, refresh_token)
        except AmazonFailure as failure:
            reason = IMPORT_REASONS.get(failure.kind)
            raise (Problem(reason, failure.detail) if reason else problem_of(failure)) from None
        return Tokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token or refresh_token,
            token_type=answer.token_type,
            expires_at=answer.expires_at,
            granted_scopes=answer.granted_scopes,
        )

    async def _kept(self, wanted: Import, tokens: Tokens) -> Kept:
        """Store the tokens whenever the vault takes them.

        Raise Problem `completion_delayed` where that takes long, and go on.
        """
        given_at = int(self._clock.now())
        store = self._tasks.begin(self._store(wanted, tokens, given_at))
        done, _ = await asyncio.wait({store}, timeout=STORE_PATIENCE)
        if not done:
            raise Problem("completion_delayed")
        return await store

    async def _store(self, wanted: Import, tokens: Tokens, given_at: int) -> Kept:
        try:
            return await self._patient_vault.call(
                "import", partial(self._vault.authorizations.import_tokens, wanted, tokens, given_at)
            )
        except VaultError:
            events.critical(log, "import_lost", userId=wanted.user_id, application=wanted.flow)
            raise Problem("not_stored") from None
