"""The access token of the SP-API application's own, for grantless operations.

https://developer-docs.amazon.com/sp-api/docs/grantless-operations
"""

import logging
from functools import partial
from typing import NoReturn

from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.login_with_amazon import LoginWithAmazon
from gateway.applications.credentials import token_client
from gateway.applications.token_breaker import TokenCircuitBreaker, app_key
from gateway.errors import Problem
from gateway.settings.settings import Settings
from gateway.tokens.shared_tokens import SharedTokens, purpose_of
from gateway.tokens.token_endpoint import TokenEndpoint
from gateway.util import events
from gateway.util.secret import Secret
from gateway.vault.applications import CircuitState
from gateway.vault.purpose_tokens import PurposeToken

log = logging.getLogger(__name__)

# The one that the gateway asks for: of destinations and subscriptions. The other grantless scope rotates the
# application's client secret.
SCOPE = "sellingpartnerapi::notifications"


class ApplicationTokens:
    """Returns the application's own token, made once for all processes and kept sealed for its life."""

    def __init__(
        self,
        settings: Settings,
        login: LoginWithAmazon,
        breaker: TokenCircuitBreaker,
        endpoint: TokenEndpoint,
        shared: SharedTokens,
    ) -> None:
        self._settings = settings
        self._login = login
        self._breaker = breaker
        self._endpoint = endpoint
        self._shared = shared

    async def token(self, refused: Secret | None = None) -> Secret:
        """Return a token that lives, another one than was `refused`. Raise Problem."""
        app = app_key(token_client(self._settings, "spapi", "NA"))
        # Another client secret makes another token.
        purpose = purpose_of("application", app.client_id, app.secret_print, SCOPE)
        return await self._shared.token(purpose, self._ask, refused=refused)

    async def _ask(self) -> PurposeToken:
        """Ask Login with Amazon, as every refresh is asked: where the application is not at rest."""
        client = token_client(self._settings, "spapi", "NA")

        async def failed(failure: AmazonFailure, circuit: CircuitState) -> NoReturn:
            events.warning(log, "application_token_failed", kind=failure.kind, detail=failure.detail)
            await self._breaker.failed(client, circuit, failure)
            if failure.kind in ("unauthorized_client", "invalid_scope"):  # of no store and no consent
                raise Problem("amazon_rejected", failure.detail) from None
            raise problem_of(failure) from None

        question = partial(self._login.token_of_application, client, SCOPE)
        answer = await self._endpoint.ask(client, question, failed)
        return PurposeToken(answer.access_token, answer.expires_at)
