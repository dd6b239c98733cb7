"""Login with Amazon's token endpoint: a code or a refresh token in, tokens out (references/amazon.md).

An answer is believed only as far as it was checked. A code exchange has a connection of its own, so that none
is sent twice unseen; whether anything is sent again is the caller's decision.
"""

from dataclasses import dataclass
from typing import Any, Literal

from gateway.amazon.failures import AmazonFailure, FailureKind
from gateway.amazon.session import AmazonAnswer, AmazonSession
from gateway.model import Flow, Region
from gateway.util.clock import Clock
from gateway.util.counters import AmazonCall
from gateway.util.secret import Secret
from gateway.util.text import cleaned

TOKEN_PATH = "/auth/o2/token"  # noqa: S105  an address
SPAPI_HOST = "api.amazon.com"
ADS_HOSTS: dict[Region, str] = {"NA": "api.amazon.com", "EU": "api.amazon.co.uk", "FE": "api.amazon.co.jp"}

# An authorization code is good for so many seconds (references/amazon.md).
CODE_SECONDS = 5 * 60
LONGEST_TOKEN = 2048
LONGEST_LIFE = 24 * 3600

# Amazon's `error` words, RFC 6749 section 5.2, as the kinds of failure that the gateway knows.
ERRORS: dict[str, FailureKind] = {
    "invalid_grant": "invalid_grant",
    "invalid_client": "invalid_client",
    "unauthorized_client": "unauthorized_client",
    "invalid_scope": "invalid_scope",
    "invalid_request": "invalid_request",
    "unsupported_grant_type": "invalid_request",
}


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the client of the owner's application for this flow, at its region's token endpoint."""

    flow: Flow
    region: Region
    client_id: str
    client_secret: Secret

    @property
    def token_host(self) -> str:
        """The host of the token endpoint."""
        return SPAPI_HOST if self.flow == "spapi" else ADS_HOSTS[self.region]


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """Checked tokens. `refresh_token` is None where Amazon sent none: the old one stays in force.

    `expires_at`: epoch seconds, counted from before the request, so never too late.
    """

    access_token: Secret
    refresh_token: Secret | None
    token_type: str
    expires_at: int
    granted_scopes: tuple[str, ...] | None


class LoginWithAmazon:
    """The token endpoint, over a session, with the time of a clock."""

    def __init__(self, session: AmazonSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def exchange_code(self, client: Client, code: Secret, redirect_uri: str) -> TokenAnswer:
        """Turn an authorization code into tokens. Sent once. Raise AmazonFailure."""
        answer = self._ask(
            AmazonCall.EXCHANGE,
            client,
            {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri},
            fresh_connection=True,
        )
        if answer.refresh_token is None:
            raise AmazonFailure("unusable", "Amazon's answer holds no refresh token")
        return answer

    def refresh(self, client: Client, refresh_token: Secret) -> TokenAnswer:
        """Ask for a new access token. Sent once; may be repeated. Raise AmazonFailure."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        return self._ask(AmazonCall.REFRESH, client, form)

    def token_of_application(self, client: Client, scope: str) -> TokenAnswer:
        """Ask for an access token of the application's own. Sent once; may be repeated. Raise AmazonFailure.

        RFC 6749, section 4.4.
        """
        form = {"grant_type": "client_credentials", "scope": scope}
        return self._ask(AmazonCall.APPLICATION_TOKEN, client, form)

    def _ask(
        self, call: AmazonCall, client: Client, form: dict[str, str], *, fresh_connection: bool = False
    ) -> TokenAnswer:
        asked_at = int(self._clock.now())
        credentials = {"client_id": client.client_id, "client_secret": client.client_secret.reveal()}
        answer = self._session.request(
            "POST",
            client.token_host,
            TOKEN_PATH,
            call=call,
            form={**form, **credentials},
            fresh_connection=fresh_connection,
        )
        if answer.status != 200:
            raise _failure(answer)
        # The clock may have been set back meanwhile.
        return _tokens(answer.json(), min(asked_at, int(self._clock.now())))


def _failure(answer: AmazonAnswer) -> AmazonFailure:
    if answer.status == 429:
        return AmazonFailure(
            "throttled",
            "Login with Amazon asks for fewer calls",
            retry_after=answer.retry_after,
            status=answer.status,
        )
    if answer.status >= 500:
        return AmazonFailure(
            "unavailable",
            f"Login with Amazon answered {answer.status}",
            retry_after=answer.retry_after,
            status=answer.status,
        )
    document = answer.json()
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, str) or error not in ERRORS:
        return AmazonFailure(
            "unusable", f"Login with Amazon answered {answer.status} in a form that is not known"
        )
    description = cleaned(document.get("error_description"))
    return AmazonFailure(ERRORS[error], f"{error}: {description}" if description else error)


def _tokens(document: Any, asked_at: int) -> TokenAnswer:
    if not isinstance(document, dict):
        raise AmazonFailure("unusable", "Amazon's token answer is not a JSON object")
    refresh_token = document.get("refresh_token")
    token_type = document.get("token_type", "bearer")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise AmazonFailure("unusable", "Amazon's answer holds a token of a type that is not known")
    return TokenAnswer(
        access_token=_token(document.get("access_token"), "access"),
        refresh_token=None if refresh_token is None else _token(refresh_token, "refresh"),
        token_type=token_type,
        expires_at=asked_at + _lifetime(document.get("expires_in")),
        granted_scopes=_scopes(document.get("scope")),
    )


def _token(value: object, which: Literal["access", "refresh"]) -> Secret:
    if not isinstance(value, str) or not value:
        raise AmazonFailure("unusable", f"Amazon's answer holds no {which} token")
    if len(value) > LONGEST_TOKEN:
        raise AmazonFailure("unusable", f"Amazon's {which} token is longer than {LONGEST_TOKEN} bytes")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise AmazonFailure("unusable", f"Amazon's {which} token holds characters that no token has")
    return Secret(value)


def _lifetime(value: object) -> int:
    """Return the seconds that an access token lives: a positive integer, as a number or in digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise AmazonFailure("unusable", "Amazon's answer does not say how long the token lives")
    return min(value, LONGEST_LIFE)


def _scopes(value: object) -> tuple[str, ...] | None:
    """Return the scopes that the answer names, or None where it names none (RFC 6749 section 5.1)."""
    if not isinstance(value, str):
        return None
    scopes = dict.fromkeys(cleaned(scope, 100) for scope in value[:4096].split())
    return tuple(scope for scope in scopes if scope) or None
