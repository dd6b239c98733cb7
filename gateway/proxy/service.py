"""Sends a user's call to Amazon with that user's token, and acts on what the answer says about the token.

What Amazon says of the call is passed on. What it says of the authorization or of the application is proved
first, and then told as the gateway's own error: a 403 that says revoked costs one refresh before the grant's
status changes. One that says that the application's secret has ended suspends the application's calls; while
they are suspended, one call at a time goes to Amazon, to find out whether it takes the application again.
"""

import logging
from dataclasses import dataclass, replace

from gateway.amazon import ads_api, selling_partner_api
from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.forwarding import Forwarded, Forwarder, Outgoing
from gateway.applications.call_breaker import CallCircuitBreaker, secret_has_expired
from gateway.applications.credentials import ads_client
from gateway.errors import Problem
from gateway.model import Caller, Flow, Grant, Region
from gateway.proxy.headers import ads_headers, selling_partner_headers
from gateway.proxy.request import ProxyRequest
from gateway.proxy.shares import Shares
from gateway.proxy.verdicts import Verdict, verdict_on_token
from gateway.settings.settings import Settings
from gateway.tokens.grant_tokens import revoked
from gateway.tokens.holdings import Holdings, called_in
from gateway.tokens.service import TokenService
from gateway.util.secret import Secret
from gateway.util.threads import PROXY_THREADS, Threads
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

# After these a proof has shown that the authorization, or the application, is what is at fault.
PROVED = frozenset({"store_revoked", "grant_of_another_client", "suspended_app"})


@dataclass(frozen=True, slots=True)
class Bearer:
    """The token to call with. `presented`: the caller brought it; else it stays inside the gateway."""

    grant: Grant
    access_token: Secret
    region: Region
    presented: bool
    profile_id: int | None = None


class DeveloperProxy:
    """The developer proxy of both flows."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        holdings: Holdings,
        tokens: TokenService,
        forwarder: Forwarder,
        threads: Threads,
    ) -> None:
        self._settings = settings
        self._holdings = holdings
        self._tokens = tokens
        self._forwarder = forwarder
        self._threads = threads
        self._breaker = CallCircuitBreaker(settings, vault, threads)
        # Half of the lane: whatever one user's calls do, the other half is for everybody else.
        self._shares = Shares(PROXY_THREADS // 2)

    async def store_bearer(
        self, caller: Caller, region: Region, presented: Secret | None, seller_id: str | None
    ) -> Bearer:
        """Return the token for a store: the presented one, if this user was handed it, else the store's own.

        Raise Problem not_found for any other token and store, bad_parameter for another region than its own.
        """
        if presented is None:
            if seller_id is None:
                raise Problem("bad_parameter", "amzAccessToken: expected it, or sellerId in its place")
            kept = await self._holdings.store_to_call(caller, seller_id, region)
            return await self._own(kept, kept.region)
        grant = await self._proved(caller, "spapi", presented)
        if seller_id not in (None, grant.seller_id):
            raise Problem("bad_parameter", "sellerId: amzAccessToken belongs to another store of yours")
        return Bearer(called_in([grant], region), presented, grant.region, presented=True)

    async def account_bearer(
        self, caller: Caller, region: Region, presented: Secret | None, profile_id: int | None
    ) -> Bearer:
        """Return the token for an ads profile, as `store_bearer` does for a store.

        A profile that is not the user's is Problem not_found, or not_allowed beside a token that is.
        """
        if presented is None and profile_id is None:
            raise Problem("bad_parameter", "amzAccessToken: expected it, or profileId in its place")
        grant = None if presented is None else await self._proved(caller, "ads", presented)
        covering = None
        if profile_id is not None:
            covering = await self._holdings.profile(caller, profile_id)
            if covering is None:
                raise (
                    Problem("not_found")
                    if grant is None
                    else Problem("not_allowed", "profileId: not one of yours")
                )
            if covering[0].region != region:
                raise Problem("bad_parameter", f"region: this profile belongs to {covering[0].region}")
        if grant is None or presented is None:
            assert covering is not None, "without a token a profile is named"
            return replace(await self._own(covering[1], region), profile_id=profile_id)
        return Bearer(grant, presented, region, presented=True, profile_id=profile_id)

    async def _proved(self, caller: Caller, flow: Flow, presented: Secret) -> Grant:
        grant = await self._holdings.of_token(caller, flow, presented)
        if grant is None:
            raise Problem(
                "not_found", "amzAccessToken was not handed to you, or has expired; get one from storeTokens"
            )
        if grant.status == "needs_reauthorization":
            raise revoked(grant)
        return grant

    async def _own(self, grant: Grant, region: Region) -> Bearer:
        held = await self._tokens.fresh(grant.id)
        return Bearer(held.grant, held.tokens.access_token, region, presented=False)

    async def call(self, wanted: ProxyRequest, bearer: Bearer) -> Forwarded:
        """Return Amazon's answer, whatever its status. Raise Problem where there is none to pass on."""
        async with self._shares.place_for(bearer.grant.user_id):
            return await self._call(wanted, bearer)

    async def _call(self, wanted: ProxyRequest, bearer: Bearer) -> Forwarded:
        flow = bearer.grant.flow
        circuit = await self._breaker.admit(flow)
        try:
            answer, verdict = await self._ask_and_prove(wanted, bearer)
        except Problem:
            await self._breaker.answered(flow, circuit, accepted=False)
            raise
        if verdict == "secret_expired":
            await self._breaker.refused(flow, circuit)
            raise secret_has_expired()
        await self._breaker.answered(flow, circuit, accepted=200 <= answer.status < 300)
        return answer

    async def suspended(self, flow: Flow) -> bool:
        """Tell whether Amazon's APIs refuse the application of a flow."""
        return await self._breaker.suspended(flow)

    async def started(self) -> None:
        """Let applications whose client secret was changed for this start call again at once."""
        if self._settings.spapi is not None:
            await self._breaker.forget_former_secret("spapi")
        if self._settings.ads is not None:
            await self._breaker.forget_former_secret("ads")

    async def _ask_and_prove(self, wanted: ProxyRequest, bearer: Bearer) -> tuple[Forwarded, Verdict]:
        """Return Amazon's answer with what it says of the token, after a refresh where that was bad news."""
        answer = await self._ask(wanted, bearer)
        verdict = verdict_on_token(bearer.grant.flow, answer)
        if verdict != "accepted":
            renewed = await self._renewed(bearer, verdict)
            if renewed is not None and wanted.may_be_repeated:
                answer = await self._ask(wanted, renewed)
                verdict = verdict_on_token(bearer.grant.flow, answer)
        return answer, verdict

    async def _ask(self, wanted: ProxyRequest, bearer: Bearer) -> Forwarded:
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
            answer.body.size,
        )
        return answer

    async def _renewed(self, bearer: Bearer, verdict: Verdict) -> Bearer | None:
        """Refresh once: to go on with, and to prove what Amazon said.

        None: there is nothing to go on with, as for a caller's own token. Only where Amazon speaks of an
        ended secret, the caller's own is replaced, too: made with a former secret, it says nothing about the
        present one. Raise Problem where the refresh shows that the authorization, or the application, is at
        fault.
        """
        if bearer.presented and verdict == "expired":
            return None  # whoever brought it gets another
        try:
            held = await self._tokens.fresh(bearer.grant.id, 1)
            if held.tokens.access_token == bearer.access_token:
                held = await self._tokens.newer_than(held)
        except Problem as problem:
            if problem.reason in PROVED:
                raise
            return None
        if bearer.presented and verdict != "secret_expired":
            return None
        return replace(bearer, grant=held.grant, access_token=held.tokens.access_token)
