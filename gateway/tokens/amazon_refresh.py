"""A refresh at Amazon's token endpoint, and what its refusal means."""

import logging
from functools import partial

from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.login_with_amazon import LoginWithAmazon, TokenAnswer
from gateway.applications.credentials import token_client
from gateway.model import Lease
from gateway.settings.settings import Settings
from gateway.tokens.forced_limit import ForcedLimit
from gateway.tokens.grant_tokens import GrantTokens
from gateway.tokens.token_endpoint import TokenEndpoint
from gateway.tokens.verdicts import Verdicts
from gateway.util import events
from gateway.vault.applications import CircuitState

log = logging.getLogger(__name__)


class AmazonRefresh:
    """Asks Amazon for new tokens."""

    def __init__(
        self,
        settings: Settings,
        login: LoginWithAmazon,
        endpoint: TokenEndpoint,
        verdicts: Verdicts,
        forced: ForcedLimit,
    ) -> None:
        self._settings = settings
        self._login = login
        self._endpoint = endpoint
        self._verdicts = verdicts
        self._forced = forced

    async def ask(self, current: GrantTokens, lease: Lease, *, forced: bool) -> TokenAnswer | None:
        """Return Amazon's answer; None where somebody else has changed the grant meanwhile. Raise Problem.

        `forced`: a caller wants the refresh, though nothing may need it. Where Amazon wants a rest then,
        that caller's user is given one, and nobody else.
        """
        grant = current.grant
        client = token_client(self._settings, grant.flow, grant.region)

        async def failed(failure: AmazonFailure, circuit: CircuitState) -> None:
            events.warning(log, "refresh_failed", grant=grant.id, kind=failure.kind, detail=failure.detail)
            if forced and circuit.state == "closed" and failure.kind in ("throttled", "unavailable"):
                raise await self._forced.rested(grant.user_id, failure) from None
            if not await self._verdicts.is_stale(failure, grant, lease, client, circuit):
                raise problem_of(failure) from None

        question = partial(self._login.refresh, client, current.tokens.refresh_token)
        return await self._endpoint.ask(client, question, failed)
