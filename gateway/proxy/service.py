"""Sends a user's call to Amazon with that user's token, and acts on what the answer says about the token.

What Amazon says of the call is passed on. What it says of the authorisation or of the application is proved
first, and then told as the gateway's own error: a 403 that says revoked costs one refresh before the grant's
status changes.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from gateway.amazon import ads_api, selling_partner_api
from gateway.amazon.failures import AmazonFailure
from gateway.amazon.forwarding import Forwarded, Forwarder, Outgoing
from gateway.amazon.marketplaces import INDIA, INDIA_ASKED
from gateway.applications import ads_client
from gateway.problems import Problem, problem_of
from gateway.proxy.headers import ads_headers, selling_partner_headers
from gateway.proxy.verdicts import Verdict, verdict_on_token
from gateway.proxy.wanted import Wanted
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.threads import Threads
from gateway.tokens.service import TokenService, revoked
from gateway.vault import Vault
from gateway.vault.records import Flow, Grant, Region

log = logging.getLogger(__name__)

# A token with less than this left is refreshed before it is used.
FRESH_ENOUGH = 60
# After these a proof has shown that the authorisation, or the application, is what is at fault.
PROVED = frozenset({"store_revoked", "grant_of_another_client", "suspended_app"})

SecretExpired = Callable[[Flow], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bearer:
    """The token to call with. `presented`: the caller brought it; else it stays inside the gateway."""

    grant: Grant
    access_token: Secret
    region: Region
    presented: bool
    profile_id: int | None = None


async def nothing_persisted(_flow: Flow) -> None:
    """What happens to an application whose secret has expired, beyond telling the caller: nothing here."""


class DeveloperProxy:
    """The developer proxy of both flows.

    `on_secret_expired` is called with the flow whose application Amazon refuses for its secret: the one place
    to suspend that application. No grant is touched.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        tokens: TokenService,
        forwarder: Forwarder,
        threads: Threads,
        on_secret_expired: SecretExpired = nothing_persisted,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._tokens = tokens
        self._forwarder = forwarder
        self._threads = threads
        self._on_secret_expired = on_secret_expired

    async def store_bearer(
        self, user_id: int, region: Region, presented: Secret | None, seller_id: str | None
    ) -> Bearer:
        """Return the token for a store: the presented one, if this user was handed it, else the store's own.

        Raises Problem not_found for any other token and store, bad_parameter for another region than its own.
        """
        if presented is None:
            if seller_id is None:
                raise Problem("bad_parameter", "amzAccessToken: expected it, or sellerId in its place")
            grants = await self._threads.vault(self._vault.grants.stores_of, user_id, seller_id)
            if not grants:
                raise Problem("not_found")
            kept = _in_region(grants, region)
            return await self._own(kept, kept.region)
        grant = await self._proved(user_id, "spapi", presented)
        if seller_id not in (None, grant.seller_id):
            raise Problem("bad_parameter", "sellerId: amzAccessToken belongs to another store of yours")
        return Bearer(_in_region([grant], region), presented, grant.region, presented=True)

    async def account_bearer(
        self, user_id: int, region: Region, presented: Secret | None, profile_id: int | None
    ) -> Bearer:
        """Return the token for an ads profile, as `store_bearer` does for a store.

        A profile that is not the user's is Problem not_found, or not_allowed beside a token that is.
        """
        if presented is None and profile_id is None:
            raise Problem("bad_parameter", "amzAccessToken: expected it, or profileId in its place")
        grant = None if presented is None else await self._proved(user_id, "ads", presented)
        covering = []
        if profile_id is not None:
            covering = await self._threads.vault(self._vault.profiles.covering, user_id, profile_id)
            if not covering:
                raise (
                    Problem("not_found")
                    if grant is None
                    else Problem("not_allowed", "profileId: not one of yours")
                )
            if covering[0][0].region != region:
                raise Problem("bad_parameter", f"region: this profile belongs to {covering[0][0].region}")
        if grant is None or presented is None:
            return replace(await self._own(covering[0][1], region), profile_id=profile_id)
        return Bearer(grant, presented, region, presented=True, profile_id=profile_id)

    async def _proved(self, user_id: int, flow: Flow, presented: Secret) -> Grant:
        grant = await self._threads.vault(self._vault.handed_out.grant_of, user_id, flow, presented)
        if grant is None:
            raise Problem(
                "not_found", "amzAccessToken was not handed to you, or has expired; get one from storeTokens"
            )
        if grant.status == "needs_reauthorization":
            raise revoked(grant)
        return grant

    async def _own(self, grant: Grant, region: Region) -> Bearer:
        held = await self._tokens.fresh(grant.id, FRESH_ENOUGH)
        return Bearer(held.grant, held.tokens.access_token, region, presented=False)

    async def call(self, wanted: Wanted, bearer: Bearer) -> Forwarded:
        """Return Amazon's answer, whatever its status. Raises Problem where there is none to pass on."""
        answer = await self._ask(wanted, bearer)
        verdict = verdict_on_token(bearer.grant.flow, answer)
        if verdict in ("expired", "refused"):
            renewed = await self._renewed(bearer, verdict)
            if renewed is not None and wanted.may_be_repeated:
                answer = await self._ask(wanted, renewed)
                verdict = verdict_on_token(bearer.grant.flow, answer)
        if verdict == "secret_expired":
            await self._on_secret_expired(bearer.grant.flow)
            raise Problem(
                "suspended_app",
                "Amazon says that the application's client secret has expired",
                extra={"status": "suspended_app"},
            )
        return answer

    async def _ask(self, wanted: Wanted, bearer: Bearer) -> Forwarded:
        if bearer.grant.flow == "spapi":
            host = selling_partner_api.HOSTS[bearer.region]
            headers = selling_partner_headers(wanted, bearer.access_token)
        else:
            host = ads_api.HOSTS[bearer.region]
            client_id = ads_client(self._settings).client_id
            headers = ads_headers(wanted, bearer.access_token, client_id, bearer.profile_id)
        outgoing = Outgoing(wanted.method, host, wanted.target, headers, wanted.body)
        try:
            answer = await self._threads.proxy(self._forwarder.forward, outgoing)
        except AmazonFailure as failure:
            log.warning(
                "proxy_failed grant=%d kind=%s detail=%r", bearer.grant.id, failure.kind, failure.detail
            )
            raise problem_of(failure) from None
        log.info(
            "proxied grant=%d method=%s status=%d bytes=%d",
            bearer.grant.id,
            wanted.method,
            answer.status,
            answer.size,
        )
        return answer

    async def _renewed(self, bearer: Bearer, verdict: Verdict) -> Bearer | None:
        """Refresh once: to go on with (None for a caller's own token), and to prove what Amazon said.

        Raises Problem where the refresh shows that the authorisation, or the application, is at fault.
        """
        if bearer.presented and verdict == "expired":
            return None  # whoever brought it gets another
        try:
            held = await self._tokens.fresh(bearer.grant.id, 1)
            if held.tokens.access_token == bearer.access_token:
                held = await self._tokens.refresh(bearer.grant.id)
        except Problem as problem:
            if problem.reason in PROVED:
                raise
            return None
        if bearer.presented:
            return None
        return replace(bearer, grant=held.grant, access_token=held.tokens.access_token)


def _in_region(grants: list[Grant], region: Region) -> Grant:
    for grant in grants:
        if grant.region == region:
            return grant
    for grant in grants:
        if region == INDIA_ASKED and grant.marketplace == INDIA:
            return grant
    regions = " and ".join(grant.region for grant in grants)
    raise Problem("bad_parameter", f"region: this store is authorised in {regions}")
