"""amzn-sp-api, Amazon's own SDK, without a refresh token or a client secret: the gateway gives the tokens.

Copy this file into your project; it needs nothing but the library (tested with 1.13.0 and 1.2.0). Set
LINKFOX_AGENT_API_KEY, and LINKFOX_TOOL_GATEWAY where the gateway is your own (or give `key` and `gateway`):

    from amzn_sp_api import GatewayTokens
    from spapi.api.sellers_v1.sellers_api import SellersApi

    tokens = GatewayTokens("A1SELLER", "EU")
    sellers = SellersApi(tokens.api_client())
    print(tokens.call(sellers.get_marketplace_participations).payload)

One GatewayTokens serves any number of clients and threads: it asks once, and again only shortly before the
token ends. `tokens.call` repeats a call once, with a new token, where Amazon says that the token has ended; a
call without it raises `spapi.rest.ApiException` (403) then. What the gateway refuses is an LwaException: its
`error_code` is `invalid_grant` where the seller has to authorize again (`error_message` has the link),
`invalid_client` where the key is at fault, `temporarily_unavailable` where trying again later helps.
"""

from __future__ import annotations

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

from spapi import ApiClient, Configuration
from spapi.auth.lwa_exception import LwaException
from spapi.rest import ApiException

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


class GatewayTokens:
    """Access tokens of one store. `region`: NA, EU or FE."""

    def __init__(
        self, seller_id: str, region: str, *, gateway: str | None = None, key: str | None = None
    ) -> None:
        self._amazons = f"https://sellingpartnerapi-{region.lower()}.amazon.com"
        self._gateway = _Gateway("/spApi", {"sellerId": seller_id, "region": region}, gateway, key)

    def __repr__(self) -> str:
        return repr(self._gateway)

    def api_client(self, endpoint: str | None = None) -> Any:
        """Make an ApiClient that takes its tokens from here.

        `endpoint`: by default the region's at Amazon, and with a gateway in sandbox mode the stand-in's.
        """
        configuration = Configuration()
        configuration.host = endpoint or self._gateway.endpoint(self._amazons)
        configuration.access_token_cache = self
        return ApiClient(configuration=configuration)

    def get_lwa_access_token(self) -> str:
        """Return a token that has time left, as the SDK's own cache of tokens does."""
        return str(self._gateway.answer()["accessToken"])

    def call(self, operation: Callable[..., Answer], *args: Any, **more: Any) -> Answer:
        """Call an operation of an API's; where Amazon refuses its token, once more with a new one."""
        shown = self.get_lwa_access_token()
        try:
            return operation(*args, **more)
        except ApiException as refusal:
            if refusal.status != 403 or "access token you provided" not in str(refusal.body).lower():
                raise
        self._gateway.refused(shown)
        return operation(*args, **more)


def _problem(code: str, message: str, status: int) -> LwaException:
    return LwaException(code, message)


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
