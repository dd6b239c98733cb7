"""Sends a user's call to Amazon with that user's token, and acts on what the answer says about the token.

What Amazon says of the call is passed on. What it says of the authorization or of the application is proved
first, and then told as the gateway's own error (proofs.py). A refusal of the token costs one refresh, and
only where that is refused does the grant's status change. One that says that the application's secret has
ended costs a call of the gateway's own, and only where that is refused alike are the application's calls
suspended; while they are, one call at a time goes to Amazon, to find out whether it takes it again.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from gateway.amazon import ads_api, selling_partner_api
from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.forwarding import Forwarded, Forwarder, Outgoing
from gateway.amazon.selling_partner_api import SellingPartnerApi
from gateway.applications.call_breaker import CallCircuitBreaker, secret_has_expired
from gateway.applications.credentials import ads_client
from gateway.applications.shares import Shares
from gateway.errors import Problem
from gateway.model import Flow
from gateway.proxy.bearers import Bearer, Bearers
from gateway.proxy.families import family_of
from gateway.proxy.headers import ads_headers, selling_partner_headers
from gateway.proxy.pacing import Pacing, Patience
from gateway.proxy.proofs import Proofs
from gateway.proxy.request import ProxyRequest
from gateway.proxy.restricted_calls import RestrictedCalls
from gateway.proxy.verdicts import Verdict, verdict_on_token
from gateway.settings.settings import Settings
from gateway.tokens.application_tokens import ApplicationTokens
from gateway.tokens.grant_tokens import revoked, seconds_left
from gateway.tokens.holdings import Holdings
from gateway.tokens.service import FRESH_ENOUGH, TokenService
from gateway.util import counters, events
from gateway.util.clock import Clock
from gateway.util.counters import AmazonCall
from gateway.util.secret import Secret
from gateway.util.threads import PROXY_THREADS, Threads
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

# Seconds. For what the gateway asks on the way of a call, which holds one of its user's places meanwhile.
SHORT_PATIENCE = 5.0
# The SP-API application, among what was proved.
APPLICATION = "spapi"


class DeveloperProxy:
    """The developer proxy of both flows. `bearers` says whose authorization a call is made with."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        holdings: Holdings,
        tokens: TokenService,
        forwarder: Forwarder,
        selling_partner_api: SellingPartnerApi,
        pacing: Pacing,
        application_tokens: ApplicationTokens,
        restricted_calls: RestrictedCalls,
        clock: Clock,
        threads: Threads,
    ) -> None:
        self.bearers = Bearers(holdings)
        self._settings = settings
        self._tokens = tokens
        self._forwarder = forwarder
        self._selling_partner_api = selling_partner_api
        self._application_tokens = application_tokens
        self._restricted_calls = restricted_calls
        self._clock = clock
        self._pacing = pacing
        self._proofs = Proofs(clock)
        self._threads = threads
        self._breaker = CallCircuitBreaker(settings, vault, threads)
        # Half of the lane: whatever one user's calls do, the other half is for everybody else.
        self._shares = Shares(PROXY_THREADS // 2)

    @asynccontextmanager
    async def call(
        self, wanted: ProxyRequest, bearer: Bearer, patience: Patience
    ) -> AsyncIterator[Forwarded]:
        """Make a call when its turn has come; hold one of the user's places until the answer was dealt with.

        Yields Amazon's answer, whatever its status; its body is still to be read. Raise Problem where there
        is none to pass on, also where that shows inside the `with`.
        """
        paced = await self._pacing.turn(wanted, bearer, patience, partial(self._check, bearer))
        token = await self._token_of(bearer)
        async with self._shares.place_for(bearer.grant.user_id):
            answer = await self._call(wanted, bearer, token)
            del wanted  # its body may be large, and is of no more use
            try:
                await self._pacing.answered(paced, answer.status, answer.headers)
                yield answer
            except AmazonFailure as failure:  # in the middle of its body
                raise self._failed(bearer, failure) from None
            finally:
                answer.close()

    async def _check(self, bearer: Bearer) -> None:
        """Raise the Problem of a call that would not be made, whenever its turn comes."""
        await self._token_of(bearer)
        await self._breaker.check(bearer.grant.flow)

    async def _token_of(self, bearer: Bearer) -> Secret:
        """Return the token to call with. Raise Problem where the authorization has to be given again."""
        if bearer.is_application:
            return await self._application_tokens.token()
        grant, ended = bearer.grant, bearer.grant.status == "needs_reauthorization"
        if bearer.presented is not None:
            if ended:
                raise revoked(grant)
            return bearer.presented
        if bearer.held is None or ended or seconds_left(grant, self._clock.now()) < FRESH_ENOUGH:
            return (await self._tokens.fresh(grant.id)).tokens.access_token
        return bearer.held.access_token

    async def _call(self, wanted: ProxyRequest, bearer: Bearer, token: Secret) -> Forwarded:
        flow = bearer.grant.flow
        circuit = await self._breaker.admit(flow)
        try:
            answer, verdict = await self._ask_and_prove(wanted, bearer, token)
            takes = await self._takes_application(bearer) if verdict == "secret_expired" else None
        except Exception:  # also where the client goes away in the middle of what it sends
            await self._breaker.answered(flow, circuit, accepted=False)
            raise
        if takes is False:
            await self._breaker.refused(flow, circuit)
            raise secret_has_expired()
        await self._breaker.answered(flow, circuit, accepted=takes or 200 <= answer.status < 300)
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

    async def _ask_and_prove(
        self, wanted: ProxyRequest, bearer: Bearer, token: Secret
    ) -> tuple[Forwarded, Verdict]:
        """Return Amazon's answer with what it says of the token, after a refresh where that was bad news."""
        if wanted.restricted is not None:
            return await self._restricted_calls.ask(
                wanted,
                bearer.grant,
                lambda request, restricted: self._ask(request, bearer, restricted),
                lambda request: self._paced(request, bearer, token),
            )
        answer = await self._ask(wanted, bearer, token)
        verdict = verdict_on_token(bearer.grant.flow, answer)
        # An answer with any other verdict is short, and wholly here: it need not be closed.
        if verdict != "accepted":
            renewed = await self._renewed(bearer, token, verdict)
            if renewed is not None and wanted.may_be_repeated:
                answer = await self._ask(wanted, bearer, renewed)
                verdict = verdict_on_token(bearer.grant.flow, answer)
        return answer, verdict

    async def _paced(self, wanted: ProxyRequest, bearer: Bearer, token: Secret) -> tuple[Forwarded, Verdict]:
        """As `_ask_and_prove`, for a call of the gateway's own on the way of a caller's, in its turn."""
        paced = await self._pacing.turn(
            wanted, bearer, Patience(SHORT_PATIENCE), partial(self._check, bearer)
        )
        answer, verdict = await self._ask_and_prove(wanted, bearer, token)
        await self._pacing.answered(paced, answer.status, answer.headers)
        return answer, verdict

    async def _ask(self, wanted: ProxyRequest, bearer: Bearer, token: Secret) -> Forwarded:
        grant = bearer.grant
        family = family_of(grant.flow, wanted.path.segments)
        if grant.flow == "spapi":
            call = AmazonCall.PROXIED_SPAPI
            host = selling_partner_api.HOSTS[bearer.region]
            headers = selling_partner_headers(wanted, token)
        else:
            call = AmazonCall.PROXIED_ADS
            host = ads_api.HOSTS[bearer.region]
            client_id = ads_client(self._settings).client_id
            headers = ads_headers(wanted, token, client_id, bearer.profile_id)
        decodes = wanted.codings is None
        outgoing = Outgoing(call, wanted.method, host, wanted.target, headers, wanted.body, decodes)
        try:
            answer = await self._forwarder.forward(outgoing)
        except AmazonFailure as failure:
            counters.call_proxied(grant.flow, family, None)
            raise self._failed(bearer, failure) from None
        events.info(
            log,
            "proxied",
            grant=grant.id,
            application=grant.flow,
            method=wanted.method,
            family=family,
            status=answer.status,
        )
        counters.call_proxied(grant.flow, family, answer.status)
        if answer.status < HTTPStatus.BAD_REQUEST:
            self._proofs.drop(grant.id)
        return answer

    def _failed(self, bearer: Bearer, failure: AmazonFailure) -> Problem:
        """Return the Problem of a call that brought no answer, or half of one."""
        events.warning(log, "proxy_failed", grant=bearer.grant.id, kind=failure.kind, detail=failure.detail)
        return problem_of(failure)

    async def _renewed(self, bearer: Bearer, token: Secret, verdict: Verdict) -> Secret | None:
        """Refresh once: for a token to go on with, and to prove what Amazon said of this one.

        None: there is nothing to go on with, as for a caller's own token. Only where Amazon speaks of an
        ended secret, the caller's own is replaced, too: made with a former secret, it says nothing about the
        present one. Raise Problem where the refresh shows that the authorization, or the application, is at
        fault.
        """
        grant_id = bearer.grant.id
        if bearer.presented and verdict == "expired":
            return None  # whoever brought it gets another
        if self._proofs.holds(grant_id, token):
            return None  # just refreshed, and refused as before: it is not about the token
        if bearer.is_application:
            renewed = await self._application_tokens.token(refused=token)
            self._proofs.keep(grant_id, renewed)
            return renewed
        try:
            held = await self._tokens.fresh(grant_id, 1)
            if held.tokens.access_token == token:
                held = await self._tokens.forced_newer_than(held)
                self._proofs.keep(grant_id, held.tokens.access_token)
        except Problem as problem:
            if "status" in problem.extra:  # the authorization, or the application, is what is at fault
                raise
            return None
        if bearer.presented and verdict != "secret_expired":
            return None
        return held.tokens.access_token

    async def _takes_application(self, bearer: Bearer) -> bool | None:
        """Find out whether the SP-API takes the application, by a call that holds nothing of any caller's.

        None: that could not be found out. Raise Problem where the store has no token to ask with.
        """
        if self._proofs.holds(APPLICATION):
            return True
        api = self._selling_partner_api
        try:
            if bearer.is_application:
                own = await self._application_tokens.token()
                await self._threads.proxy(api.check_application, bearer.region, own)
            else:
                held = await self._tokens.fresh(bearer.grant.id, 1)
                await self._pacing.count_check(bearer.region, bearer.grant.seller_id)
                await self._threads.proxy(api.check_store, bearer.region, held.tokens.access_token)
        except AmazonFailure as failure:
            return False if failure.kind == "secret_expired" else None
        self._proofs.keep(APPLICATION)
        return True
