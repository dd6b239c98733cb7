"""python-amazon-sp-api without a refresh token or a client secret: the gateway gives the tokens.

Copy this file into your project; it needs nothing but the library (tested with 2.1.35 and 1.9.60). Set
LINKFOX_AGENT_API_KEY, and LINKFOX_TOOL_GATEWAY where the gateway is your own (or give `key` and `gateway`):

    from python_amazon_sp_api import GatewayTokens
    from sp_api.api import Orders
    from sp_api.base import Marketplaces

    tokens = GatewayTokens("A1SELLER", "EU")
    orders = tokens.client(Orders, marketplace=Marketplaces.DE)
    print(tokens.call(orders.get_orders, CreatedAfter="2026-01-01").payload)

With the clients of `sp_api.asyncio.api`: AsyncGatewayTokens; await what `client` and `call` return.

One GatewayTokens serves any number of clients, threads and tasks: it asks once, and again only shortly
before the token ends. `tokens.call` repeats a call once, with a new token, where Amazon says that the token
has ended; a call without it raises SellingApiForbiddenException then. What the gateway refuses is an
AuthorizationError of `sp_api.auth.exceptions`: its `error_code` is `invalid_grant` where the seller has to
authorize again (`message` has the link), `invalid_client` where the key is at fault, and
`temporarily_unavailable` where trying again later helps. A restricted data token the library asks Amazon for,
as ever. There is no token for grantless operations.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from sp_api.auth import AccessTokenResponse
from sp_api.auth.exceptions import AuthorizationError
from sp_api.base import SellingApiForbiddenException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Answer = TypeVar("Answer")
GRANTLESS = "The gateway gives out no token for grantless operations."


class GatewayTokens:
    """Access tokens of one store. `region`: NA, EU or FE."""

    def __init__(
        self, seller_id: str, region: str, *, gateway: str | None = None, key: str | None = None
    ) -> None:
        self._gateway = _Gateway("/spApi", {"sellerId": seller_id, "region": region}, gateway, key)

    def __repr__(self) -> str:
        return repr(self._gateway)

    def __call__(self, **_: Any) -> GatewayTokens:
        """Serve a client as its class of token clients, which each client makes one of."""
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """What a client is made with elsewhere; the library insists on credentials, which nobody reads."""
        unused = {"lwa_app_id": "-", "lwa_client_secret": "-"}
        return {"credentials": unused, "auth_token_client_class": self}

    def client(self, kind: Callable[..., Any], **settings: Any) -> Any:
        """Make a client of the library's that takes its tokens from here; `settings` are its own.

        With a gateway in sandbox mode it calls the stand-in.
        """
        client = kind(**self.settings, **settings)
        client.endpoint = self._gateway.endpoint(client.endpoint)
        return client

    def get_auth(self) -> Any:
        """Return a token that has time left, as the library's own token client does."""
        return AccessTokenResponse(access_token=self._gateway.answer()["accessToken"])

    def get_grantless_auth(self, scope: str = "") -> Any:
        """Raise AuthorizationError: this is not the application."""
        raise _problem("unauthorized_client", GRANTLESS, 400)

    def call(self, operation: Callable[..., Answer], *args: Any, **more: Any) -> Answer:
        """Call an operation of a client's; where Amazon refuses its token, once more with a new one."""
        shown = self.get_auth().access_token
        try:
            return operation(*args, **more)
        except SellingApiForbiddenException as refusal:
            if not _token_ended(refusal):
                raise
        self._gateway.refused(shown)
        return operation(*args, **more)


class AsyncGatewayTokens(GatewayTokens):
    """The same for the clients of `sp_api.asyncio`; the gateway is asked in a thread."""

    async def client(self, kind: Callable[..., Any], **settings: Any) -> Any:
        """Make a client of the library's that takes its tokens from here; `settings` are its own."""
        return await asyncio.to_thread(super().client, kind, **settings)

    async def get_auth(self) -> Any:
        """Return a token that has time left, as the library's own token client does."""
        return await asyncio.to_thread(super().get_auth)

    async def get_grantless_auth(self, scope: str = "") -> Any:
        """Raise AuthorizationError: this is not the application."""
        return super().get_grantless_auth(scope)

    async def call(self, operation: Callable[..., Awaitable[Answer]], *args: Any, **more: Any) -> Answer:  # type: ignore[override]
        """Call an operation of a client's; where Amazon refuses its token, once more with a new one."""
        shown = (await self.get_auth()).access_token
        try:
            return await operation(*args, **more)
        except SellingApiForbiddenException as refusal:
            if not _token_ended(refusal):
                raise
        await asyncio.to_thread(self._gateway.refused, shown)
        return await operation(*args, **more)

    async def aclose(self) -> None:
        """Close nothing: no connection is kept."""


def _token_ended(refusal: SellingApiForbiddenException) -> bool:
    """Tell whether Amazon refuses the token, and not the application or the region."""
    return any("access token you provided" in str(error.get("details")).lower() for error in refusal.error)


def _problem(code: str, message: str, status: int) -> AuthorizationError:
    return AuthorizationError(code, message, status)


# --- the gateway: these lines are the same in each adapter, for each is copied alone ---

HOSTED = "https://tool-gateway.linkfox.com"
MARGIN = 300  # seconds that a token shall have left when it is handed out
UNTOLD = 60  # seconds for which a token is kept whose end the gateway does not tell
PATIENCE = 60  # seconds for the gateway's answer, which may wait for Amazon
LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


class _NoRedirects(HTTPRedirectHandler):
    """Follows none: a key is for the gateway alone."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""


class _Gateway:
    """One token of a store or an account, asked for where it is needed; threads may share it.

    `calls`: the path of the gateway's calls, `names`: what they need to know whose token is meant.
    """

    def __init__(self, calls: str, names: dict[str, Any], gateway: str | None, key: str | None) -> None:
        if (gateway is None) != (key is None):
            raise _problem("invalid_request", "Give key and gateway together, or neither.", 400)
        gateway = gateway or os.environ.get("LINKFOX_TOOL_GATEWAY") or HOSTED
        key = (key or os.environ.get("LINKFOX_AGENT_API_KEY") or "").strip()
        address = urlsplit(gateway)
        loopback = bool(LOOPBACK.fullmatch(address.hostname or ""))
        if address.scheme != "https" and not (address.scheme == "http" and loopback):
            words = "The gateway's address has to begin with https://, or with http:// on this machine."
            raise _problem("invalid_request", words, 400)
        if not key or not (key.isascii() and key.isprintable()):
            raise _problem("invalid_client", "Set LINKFOX_AGENT_API_KEY to an API key of the gateway.", 401)
        if key.startswith("lfx_local_") and address.hostname == urlsplit(HOSTED).hostname:
            words = "This key is of a gateway of your own: set LINKFOX_TOOL_GATEWAY to its address."
            raise _problem("invalid_client", words, 401)
        self._calls, self._names, self._key = gateway.rstrip("/") + calls, names, key
        self._origin = f"{address.scheme}://{address.netloc.rpartition('@')[2]}"
        direct = [ProxyHandler({})] if loopback else []
        self._opener = build_opener(_NoRedirects, *direct)
        self._lock = threading.Lock()
        self._answer: dict[str, Any] = {}
        self._since = self._good_for = self._life = 0.0

    def __repr__(self) -> str:
        return f"<tokens of {self._names} from {self._origin}>"

    def answer(self) -> dict[str, Any]:
        """Return the gateway's answer with a token that has time left. Raise the library's exception."""
        with self._lock:
            if self._lives(self._good_for):
                return self._answer
            try:
                self._keep(self._post("storeTokens", minTtl=MARGIN))
            except Exception as problem:
                # The gateway may be restarting: what lives is good until it ends.
                away = getattr(problem, "error_code", "") == "temporarily_unavailable"
                if not away or not self._lives(self._life):
                    raise
            return self._answer

    def endpoint(self, amazons: str) -> str:
        """Return where to call Amazon: its own address, and with a gateway in sandbox mode the stand-in's."""
        origin = self.answer().get("amazonOrigin")
        return f"{origin}/{amazons.removeprefix('https://')}" if origin else amazons

    def refused(self, token: str | None) -> None:
        """Have a token replaced that Amazon refused; however many callers report it, once."""
        with self._lock:
            if token is not None and token == self._answer.get("accessToken"):
                self._keep(self._post("refreshToken", refused=token))

    def _lives(self, seconds: float) -> bool:
        return bool(self._answer) and 0 <= time.time() - self._since < seconds

    def _keep(self, answer: dict[str, Any]) -> None:
        told = int(answer["expiresIn"]) if "expiresAt" in answer else UNTOLD
        known = ("accessToken", "clientId", "amazonOrigin")  # a refresh does not tell the second again
        self._answer |= {name: answer[name] for name in known if name in answer}
        self._since, self._life = time.time(), told
        # Of a token that lives shortly anyway, half.
        self._good_for = max(told - MARGIN, told / 2)

    def _post(self, call: str, **more: Any) -> dict[str, Any]:
        headers = {"Authorization": self._key, "Content-Type": "application/json"}
        body = json.dumps({**self._names, **more}).encode()
        request = Request(f"{self._calls}/{call}", body, headers)  # noqa: S310 - checked above
        try:
            try:
                with self._opener.open(request, timeout=PATIENCE) as answer:
                    status, text = answer.status, answer.read()
            except HTTPError as refusal:
                with refusal:
                    status, text = refusal.code, refusal.read()
            document = json.loads(text)
        except (OSError, HTTPException) as problem:
            reason = getattr(problem, "reason", None) or problem
            words = f"The gateway {self._origin} does not answer ({reason}): see that it runs."
            raise _problem("temporarily_unavailable", words, 503) from None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            words = f"{self._origin} answers {status} and not as a gateway does: check LINKFOX_TOOL_GATEWAY."
            # What stands before a gateway speaks so while that restarts.
            code = "temporarily_unavailable" if status >= 500 else "invalid_request"
            raise _problem(code, words, status) from None
        if not isinstance(document.get("accessToken"), str):
            raise _refusal(status, document)
        return document


def _refusal(status: int, document: dict[str, Any]) -> Any:
    """Return what a gateway's refusal is as an exception of the library's: its words, its hint, its link."""
    link = document.get("authorizeUrl")
    told = document.get("errmsg") or document.get("msg") or document.get("message")
    words = [str(told or f"The gateway answers {status} without a token.")]
    words += [f"({document['reason']})"] if document.get("reason") else []
    words += [str(document["hint"])] if document.get("hint") else []
    words += [f"Authorize again: {link}"] if link else []
    if link:
        code = "invalid_grant"
    elif status in (401, 403):
        code = "invalid_client"
    else:
        code = "temporarily_unavailable" if status == 429 or status >= 500 else "invalid_request"
    return _problem(code, " ".join(words), status)
