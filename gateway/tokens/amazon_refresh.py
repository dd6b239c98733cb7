"""One question to Amazon's token endpoint: whether it may be asked, how often, and what its refusal means."""

import logging

from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.login_with_amazon import LoginWithAmazon, TokenAnswer
from gateway.applications.credentials import token_client
from gateway.applications.token_breaker import TokenCircuitBreaker
from gateway.model import Lease
from gateway.settings.settings import Settings
from gateway.tokens.forced_limit import ForcedLimit
from gateway.tokens.grant_tokens import GrantTokens
from gateway.tokens.retries import Retries
from gateway.tokens.verdicts import Verdicts
from gateway.util.threads import Threads

log = logging.getLogger(__name__)


class AmazonRefresh:
    """Asks Amazon for new tokens. A probe of a suspended application is sent once, all else by `retries`."""

    def __init__(
        self,
        settings: Settings,
        login: LoginWithAmazon,
        breaker: TokenCircuitBreaker,
        verdicts: Verdicts,
        forced: ForcedLimit,
        threads: Threads,
        *,
        retries: Retries,
        once: Retries,
    ) -> None:
        self._settings = settings
        self._login = login
        self._breaker = breaker
        self._verdicts = verdicts
        self._forced = forced
        self._threads = threads
        self._retries = retries
        self._once = once

    async def ask(self, current: GrantTokens, lease: Lease, *, forced: bool) -> TokenAnswer | None:
        """Return Amazon's answer; None where somebody else has changed the grant meanwhile. Raise Problem.

        `forced`: a caller wants the refresh, though nothing may need it. Where Amazon wants a rest then,
        that caller's user is given one, and nobody else.
        """
        grant = current.grant
        client = token_client(self._settings, grant.flow, grant.region)
        circuit = await self._breaker.admit(client)

        async def ask() -> TokenAnswer:
            return await self._threads.amazon(self._login.refresh, client, current.tokens.refresh_token)

        retries = self._once if circuit.state == "half_open" else self._retries
        try:
            answer = await retries.call(ask)
        except AmazonFailure as failure:
            log.warning("refresh_failed grant=%d kind=%s detail=%r", grant.id, failure.kind, failure.detail)
            if forced and circuit.state == "closed" and failure.kind in ("throttled", "unavailable"):
                raise await self._forced.rested(grant.user_id, failure) from None
            if await self._verdicts.is_stale(failure, grant, lease, client, circuit):
                return None
            raise problem_of(failure) from None
        await self._breaker.worked(client, circuit)
        return answer
