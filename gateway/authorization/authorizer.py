"""Carries one authorization from its link to its end.

The state is consumed in one statement, which also writes down that the code may now be sent; the code is sent
once and kept nowhere. Whatever happens after that ends the attempt with a reason from references/errors.json.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.amazon.ads_api import AdsApi
from gateway.amazon.failures import AmazonFailure, FailureKind
from gateway.amazon.login_with_amazon import LoginWithAmazon, TokenAnswer
from gateway.amazon.marketplaces import Marketplace
from gateway.amazon.session import AmazonSession
from gateway.applications.credentials import (
    ads_client,
    application_id,
    selling_partner_application,
    token_client,
)
from gateway.authorization.callback import Callback, Refusal, refusal_of
from gateway.authorization.consent_links import account_link, consent_host, store_link
from gateway.authorization.profile_sync import ProfileSync
from gateway.authorization.scopes import ADS_SCOPE
from gateway.authorization.store_check import StoreCheck
from gateway.authorization.storing import stored
from gateway.errors import Problem
from gateway.model import Attempt, Central, Flow, Grant, NewAttempt, Region, Tokens
from gateway.settings.settings import Settings
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.attempts import CodeTaken
from gateway.vault.grants import AccountGone
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

YEAR = 365 * 24 * 3600
# Ads consents given from this day on last 365 days (references/amazon.md: lifetimes).
ADS_CONSENTS_END_SINCE = datetime(2026, 7, 30, tzinfo=UTC).timestamp()

# How an attempt ends when Amazon refuses the exchange; all other kinds are `exchange_failed`.
EXCHANGE_REASONS: dict[FailureKind, str] = {
    "invalid_grant": "code_refused",
    "invalid_request": "code_refused",
    "invalid_client": "app_credentials",
    "unauthorized_client": "app_credentials",
    "invalid_scope": "scope_refused",
}


@dataclass(frozen=True, slots=True)
class StoreAuthorization:
    """A store to be authorized: checked input of `/spApi/authorizeUrl`."""

    region: Region
    name: str
    marketplace: Marketplace | None = None
    central: Central = "seller"
    scopes: tuple[str, ...] = ()
    seller_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccountAuthorization:
    """An ads account to be authorized: checked input of `/amazonAds/authorizeUrl`."""

    region: Region
    name: str
    record_id: int | None = None


@dataclass(frozen=True, slots=True)
class StartedAuthorization:
    """An attempt that waits for its browser. `expires_at`: epoch seconds of the link's end."""

    link: str
    attempt_id: str
    expires_at: int


class CallbackRefused(Exception):
    """A callback that opens no attempt. `reason`: state_unknown, state_used, expired or code_taken."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Authorizer:
    """Begins authorizations and completes them."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        clock: Clock,
        session: AmazonSession,
        store_check: StoreCheck,
        threads: Threads,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._session = session
        self._threads = threads
        self._login = LoginWithAmazon(session, clock)
        self._store_check = store_check
        self.profile_sync = ProfileSync(settings, vault, AdsApi(session), threads)
        self._under_way: set[asyncio.Task[None]] = set()

    async def begin_store(self, user_id: int, wanted: StoreAuthorization) -> StartedAuthorization:
        """Make a state and a consent link for a store. Raise Problem app_not_configured."""
        app = selling_partner_application(self._settings)
        redirect_uri = self._settings.redirect_uri("spapi")
        attempt_id, state, expires_at = await self._begin(
            NewAttempt(
                user_id=user_id,
                flow="spapi",
                app_id=app.app_id,
                redirect_uri=redirect_uri,
                region=wanted.region,
                name=wanted.name,
                lifetime=self._settings.attempt_lifetime,
                marketplace=wanted.marketplace.code if wanted.marketplace else None,
                central=wanted.central,
                requested_scopes=wanted.scopes,
                expected_seller_id=wanted.seller_id,
            )
        )
        host = consent_host(wanted.region, wanted.marketplace, wanted.central)
        link = store_link(
            self._session.address, host, app, redirect_uri=redirect_uri, state=state, scopes=wanted.scopes
        )
        return StartedAuthorization(link, attempt_id, expires_at)

    async def begin_account(self, user_id: int, wanted: AccountAuthorization) -> StartedAuthorization:
        """Make a state and a consent link for an ads account. Raise Problem app_not_configured."""
        client = ads_client(self._settings)
        redirect_uri = self._settings.redirect_uri("ads")
        attempt_id, state, expires_at = await self._begin(
            NewAttempt(
                user_id=user_id,
                flow="ads",
                app_id=client.client_id,
                redirect_uri=redirect_uri,
                region=wanted.region,
                name=wanted.name,
                lifetime=self._settings.attempt_lifetime,
                requested_scopes=(ADS_SCOPE,),
                expected_record_id=wanted.record_id,
            )
        )
        link = account_link(
            self._session.address, wanted.region, client, redirect_uri=redirect_uri, state=state
        )
        return StartedAuthorization(link, attempt_id, expires_at)

    async def _begin(self, attempt: NewAttempt) -> tuple[str, Secret, int]:
        expires_at = int(self._clock.now()) + attempt.lifetime
        attempt_id, state = await self._threads.vault(self._vault.attempts.begin, attempt)
        log.info("authorization_begun attempt=%s flow=%s region=%s", attempt_id, attempt.flow, attempt.region)
        return attempt_id, state, expires_at

    async def complete(
        self, flow: Flow, callback: Callback, patience: float | None = None, *, confirmed: bool = False
    ) -> str:
        """Take a browser's callback to the end of its attempt and return the attempt's id.

        How it ended is in the attempt. Raise CallbackRefused where the state opens no attempt, or the code
        came before: only its own browser may then say yes (`confirmed`). Once the state is consumed the work
        goes on, even if the browser goes away or `patience` (seconds) ends.
        """
        code = None if confirmed else callback.code
        attempt = await self._threads.vault(self._consume, flow, callback.state, code)
        work = asyncio.create_task(self._carry_out(attempt, callback))
        self._under_way.add(work)
        work.add_done_callback(self._ended)
        done, _ = await asyncio.wait({work}, timeout=patience)
        if done:
            await work
        return attempt.id

    def _ended(self, work: asyncio.Task[None]) -> None:
        """Look at an end that perhaps nobody waited for."""
        self._under_way.discard(work)
        if not work.cancelled() and (error := work.exception()) is not None:
            log.error("authorization_broke_off error=%s", type(error).__name__)

    async def finish_all(self) -> None:
        """Wait for the exchanges that are under way: at shutdown."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def awaiting(self, flow: Flow, callback: Callback) -> Attempt | None:
        """Return the attempt that a callback would complete; None where `complete` has something to refuse.

        This is for asking before the code is exchanged: the code is that attempt's from now on, and nothing
        else is changed. Raise CallbackRefused where the code is another attempt's.
        """
        if callback.state is None or callback.code is None:
            return None
        attempt = await self._threads.vault(self._vault.attempts.find_by_state, callback.state)
        if attempt is None or attempt.flow != flow or attempt.phase != "pending":
            return None
        if attempt.expires_at <= self._clock.now() or self._refusal(attempt, callback) is not None:
            return None
        if not await self._threads.vault(self._vault.attempts.hold_code, attempt.id, callback.code):
            raise CallbackRefused("code_taken")
        return attempt

    async def cancel(self, flow: Flow, callback: Callback) -> None:
        """End the attempt of a callback without exchanging its code. Raise CallbackRefused."""
        attempt = await self._threads.vault(self._consume, flow, callback.state)
        await self._end(attempt, Refusal("not_confirmed", phase="denied"))

    def _consume(self, flow: Flow, state: str | None, code: Secret | None = None) -> Attempt:
        if state is None:
            raise CallbackRefused("state_unknown")
        try:
            attempt = self._vault.attempts.consume(state, flow, code)
        except CodeTaken:
            raise CallbackRefused("code_taken") from None
        if attempt is not None:
            return attempt
        known = self._vault.attempts.find_by_state(state)
        if known is None or known.flow != flow:
            raise CallbackRefused("state_unknown")
        raise CallbackRefused("expired" if known.phase == "pending" else "state_used")

    async def _carry_out(self, attempt: Attempt, callback: Callback) -> None:
        refusal = self._refusal(attempt, callback)
        if refusal is not None or callback.code is None:
            await self._end(attempt, refusal or Refusal("code_missing"))
            return
        try:
            client = token_client(self._settings, attempt.flow, attempt.region)
            answer = await self._threads.amazon(
                self._login.exchange_code, client, callback.code, attempt.redirect_uri
            )
        except AmazonFailure as failure:
            await self._end(
                attempt, Refusal(EXCHANGE_REASONS.get(failure.kind, "exchange_failed"), failure.detail)
            )
            return
        try:
            grant = await self._keep(attempt, callback, answer)
        except AccountGone:
            await self._end(attempt, Refusal("account_gone"))
            return
        if grant is None:
            await self._end(attempt, Refusal("not_stored"))
            return
        log.info(
            "authorized attempt=%s grant=%d flow=%s region=%s",
            attempt.id,
            grant.id,
            attempt.flow,
            grant.region,
        )
        if attempt.flow == "spapi":
            await self._verify(attempt, grant, answer.access_token)
        else:
            await self._sync(attempt, grant, answer.access_token)

    def _refusal(self, attempt: Attempt, callback: Callback) -> Refusal | None:
        try:
            app_id = application_id(self._settings, attempt.flow)
        except Problem as problem:
            return Refusal(problem.reason)
        redirect_uri = self._settings.redirect_uri(attempt.flow)
        return refusal_of(attempt, callback, app_id=app_id, redirect_uri=redirect_uri)

    async def _end(self, attempt: Attempt, refusal: Refusal) -> None:
        log.info("authorization_ended attempt=%s flow=%s reason=%s", attempt.id, attempt.flow, refusal.reason)
        await self._threads.vault(
            self._vault.attempts.finish, attempt.id, refusal.phase, refusal.reason, refusal.detail or None
        )

    async def _keep(self, attempt: Attempt, callback: Callback, answer: TokenAnswer) -> Grant | None:
        """Store the grant and end the attempt in one transaction; None where the vault cannot be written."""
        assert answer.refresh_token is not None, "an exchange without a refresh token is a failure"
        tokens = Tokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            token_type=answer.token_type,
            expires_at=answer.expires_at,
            granted_scopes=answer.granted_scopes,
        )
        seller_id = callback.seller_id if attempt.flow == "spapi" else None
        ends = self._ends(attempt.flow)
        return await stored(
            self._threads,
            lambda: self._vault.grants.authorize(attempt, seller_id, tokens, ends),
            f"attempt {attempt.id}",
        )

    def _ends(self, flow: Flow) -> int | None:
        """Return when an authorization given now ends, or None where that is not known."""
        now = int(self._clock.now())
        return now + YEAR if flow == "spapi" or now >= ADS_CONSENTS_END_SINCE else None

    async def _verify(self, attempt: Attempt, grant: Grant, access_token: Secret) -> None:
        verification = await self._store_check.check(grant.region, access_token)
        await self._store_check.record(grant, verification)
        await self._threads.vault(self._vault.attempts.record_verification, attempt.id, verification)

    async def _sync(self, attempt: Attempt, grant: Grant, access_token: Secret) -> None:
        synced = await self.profile_sync.sync(grant, access_token)
        await self._threads.vault(
            self._vault.attempts.record_profile_sync,
            attempt.id,
            "ok" if synced.profiles else "profile_sync_failed",
        )
