"""Exchanging an authorization code for tokens.

A code works once and is good for five minutes (references/amazon.md). It is sent again, with pauses, only
after an answer that says that Amazon did not look at it. Where no whole answer came the code may be spent.
"""

from functools import partial

from gateway.amazon.failures import AmazonFailure, FailureKind
from gateway.amazon.login_with_amazon import LoginWithAmazon
from gateway.applications.credentials import token_client
from gateway.authorization.callback import Refusal
from gateway.model import Attempt, Tokens
from gateway.settings.settings import Settings
from gateway.tokens.retries import Retries, Sleep
from gateway.util import tracing
from gateway.util.secret import Secret
from gateway.util.threads import Threads

# Answers that say nothing of the code: too many calls, or a trouble of Amazon's own.
REFUSED_FOR_NOW = frozenset({429, 500, 503})
EXCHANGE_TRIES = 6
# So many seconds from the first try to the last: less than LONGEST_EXCHANGE by one call to Amazon.
EXCHANGE_SECONDS = 90.0

# How an attempt ends when Amazon refuses the exchange; all other kinds are `exchange_failed`.
EXCHANGE_REASONS: dict[FailureKind, str] = {
    "invalid_grant": "code_refused",
    "invalid_request": "code_refused",
    "invalid_client": "app_credentials",
    "unauthorized_client": "app_credentials",
    "invalid_scope": "scope_refused",
}


class CodeExchange:
    """Exchanges codes. `sleep` pauses between tries."""

    def __init__(self, settings: Settings, login: LoginWithAmazon, threads: Threads, sleep: Sleep) -> None:
        self._settings = settings
        self._login = login
        self._threads = threads
        self._retries = Retries(
            sleep,
            tries=EXCHANGE_TRIES,
            first_pause=1.0,
            longest_pause=EXCHANGE_SECONDS,
            budget=EXCHANGE_SECONDS,
            repeatable=_is_refused_for_now,
        )

    async def tokens(self, attempt: Attempt, code: Secret) -> Tokens:
        """Return what Amazon gives for an attempt's code. Raise AmazonFailure."""
        client = token_client(self._settings, attempt.flow, attempt.region)
        exchange = partial(self._login.exchange_code, client, code, attempt.redirect_uri)
        with tracing.span("exchange", {"linkfox.flow": attempt.flow}):
            answer = await self._retries.call(partial(self._threads.amazon, exchange))
        assert answer.refresh_token is not None, "an exchange without a refresh token is a failure"
        return Tokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            token_type=answer.token_type,
            expires_at=answer.expires_at,
            granted_scopes=answer.granted_scopes,
        )


def refusal_of_exchange(failure: AmazonFailure) -> Refusal:
    """Return how an attempt ends whose exchange failed."""
    return Refusal(EXCHANGE_REASONS.get(failure.kind, "exchange_failed"), failure.detail)


def _is_refused_for_now(failure: AmazonFailure) -> bool:
    return failure.status in REFUSED_FOR_NOW
