"""Starting an authorization: an attempt is written down, and a link made to the page where Amazon asks."""

import logging
from dataclasses import dataclass

from gateway.amazon.marketplaces import Marketplace
from gateway.applications.credentials import ads_client, selling_partner_application
from gateway.authorization.consent_links import Address, account_link, consent_host, store_link
from gateway.authorization.scopes import ADS_SCOPE
from gateway.model import NO_CUSTOMER, Central, Customer, NewAttempt, Region
from gateway.settings.settings import Settings
from gateway.util import counters, events
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault import audit
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreAuthorization:
    """A store to be authorized: checked input of `/spApi/authorizeUrl`.

    `record_id`: of one that is kept and is to be authorized again.
    """

    region: Region
    name: str
    marketplace: Marketplace | None = None
    central: Central = "seller"
    scopes: tuple[str, ...] = ()
    seller_id: str | None = None
    record_id: int | None = None
    customer: Customer = NO_CUSTOMER


@dataclass(frozen=True, slots=True)
class AccountAuthorization:
    """An ads account to be authorized: checked input of `/amazonAds/authorizeUrl`."""

    region: Region
    name: str
    record_id: int | None = None
    customer: Customer = NO_CUSTOMER


@dataclass(frozen=True, slots=True)
class StartedAuthorization:
    """An attempt that waits for its browser. `expires_at`: epoch seconds of the link's end."""

    link: str
    attempt_id: str
    expires_at: int


class Starter:
    """Starts authorizations. `address`: where a host of Amazon's is reached."""

    def __init__(
        self, settings: Settings, vault: Vault, clock: Clock, address: Address, threads: Threads
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._address = address
        self._threads = threads

    async def begin_store(self, user_id: int, wanted: StoreAuthorization) -> StartedAuthorization:
        """Make a state and a consent link for a store. Raise Problem app_not_configured."""
        app = selling_partner_application(self._settings)
        redirect_uri = self._settings.redirect_uri("spapi")
        attempt_id, state, expires_at = await self.begin(
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
                expected_record_id=wanted.record_id,
                customer=wanted.customer,
            )
        )
        host = consent_host(wanted.region, wanted.marketplace, wanted.central)
        link = store_link(
            self._address, host, app, redirect_uri=redirect_uri, state=state, scopes=wanted.scopes
        )
        return StartedAuthorization(link, attempt_id, expires_at)

    async def begin_account(self, user_id: int, wanted: AccountAuthorization) -> StartedAuthorization:
        """Make a state and a consent link for an ads account. Raise Problem app_not_configured."""
        client = ads_client(self._settings)
        redirect_uri = self._settings.redirect_uri("ads")
        attempt_id, state, expires_at = await self.begin(
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
                customer=wanted.customer,
            )
        )
        link = account_link(self._address, wanted.region, client, redirect_uri=redirect_uri, state=state)
        return StartedAuthorization(link, attempt_id, expires_at)

    async def begin(self, attempt: NewAttempt) -> tuple[str, Secret, int]:
        """Write an attempt down. Return its id, its state, and when its link ends (epoch seconds)."""
        expires_at = int(self._clock.now()) + attempt.lifetime
        attempt_id, state = await self._threads.writes(self._vault.attempts.begin, attempt)
        counters.authorization_came_to(attempt.flow, "begun")
        if attempt.expected_seller_id is None and attempt.expected_record_id is None:
            audit.concerns(audit.ATTEMPT + attempt_id)
        events.info(
            log,
            "authorization_begun",
            authorizationId=attempt_id,
            application=attempt.flow,
            region=attempt.region,
        )
        return attempt_id, state, expires_at
