"""python-amazon-ad-api without a refresh token or a client secret: the gateway gives the tokens.

Copy this file into your project; it needs nothing but the library (tested with 1.2.9 and 0.7.11). Set
LINKFOX_AGENT_API_KEY, and LINKFOX_TOOL_GATEWAY where the gateway is your own (or give `key` and `gateway`):

    from ad_api.api import sponsored_products
    from ad_api.base import Marketplaces
    from python_amazon_ad_api import GatewayTokens

    tokens = GatewayTokens(1234567890)  # the profile's id
    campaigns = tokens.client(sponsored_products.CampaignsV3, marketplace=Marketplaces.US)
    print(tokens.call(campaigns.list_campaigns, body="{}").payload)

One GatewayTokens serves any number of clients and threads: it asks once, and again only shortly before the
token ends. With `auth_record_id` in place of a profile it is for what is no profile's, such as `Profiles`.
`tokens.call` repeats a call once, with a new token, where Amazon says that the token has ended; a call
without it raises AdvertisingApiUnauthorizedException then. What the gateway refuses is an AuthorizationError
of `ad_api.auth.exceptions`: its `error_code` is `invalid_grant` where the account has to be authorized again
(`message` has the link), `invalid_client` where the key is at fault, and `temporarily_unavailable` where
trying again later helps. The library prefers the variables AD_API_CLIENT_ID, AD_API_CLIENT_SECRET and
AD_API_REFRESH_TOKEN to everything: unset them.
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

from ad_api.auth import AccessTokenResponse
from ad_api.auth.exceptions import AuthorizationError
from ad_api.base.exceptions import AdvertisingApiUnauthorizedException

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
# Amazon says 401 also to a token that is good, for another profile.
ABOUT_THE_PROFILE = re.compile("scope|advertiser|profile|consent|permission", re.IGNORECASE)


class GatewayTokens:
    """Access tokens of one profile, or of one account (`auth_record_id`, as the gateway lists it).

    `client_id`: the Ads client's id, where the gateway does not tell it.
    """

    def __init__(
        self,
        profile_id: int | str | None = None,
        *,
        auth_record_id: int | str | None = None,
        client_id: str | None = None,
        gateway: str | None = None,
        key: str | None = None,
    ) -> None:
        if (profile_id is None) == (auth_record_id is None):
            raise _problem("invalid_request", "Give profile_id, or auth_record_id.", 400)
        known = {"profileId": profile_id, "authRecordId": auth_record_id}
        names = {name: str(value) for name, value in known.items() if value is not None}
        self._profile_id, self._client_id = names.get("profileId"), client_id
        self._gateway = _Gateway("/amazonAds", names, gateway, key)

    def __repr__(self) -> str:
        return repr(self._gateway)

    def client(self, kind: Callable[..., Any], **settings: Any) -> Any:
        """Make a client of the library's that takes its tokens from here; `settings` are its own.

        With a gateway in sandbox mode it calls the stand-in.
        """
        answer = self._gateway.answer()
        client_id = self._client_id or answer.get("clientId")
        if not client_id:
            words = "This gateway does not tell the Ads client's id: give it as client_id."
            raise _problem("invalid_request", words, 400)
        # The library insists on these; of them only the id and the profile are sent.
        credentials = {"client_id": client_id, "client_secret": "-", "refresh_token": "-"}
        credentials |= {"profile_id": self._profile_id} if self._profile_id else {}
        wanted = {"credentials": credentials, "verify_additional_credentials": bool(self._profile_id)}
        client = kind(**wanted, **settings)
        client._auth, client.endpoint = self, self._gateway.endpoint(client.endpoint)
        return client

    def get_auth(self) -> Any:
        """Return a token that has time left, as the library's own token client does."""
        return AccessTokenResponse(access_token=self._gateway.answer()["accessToken"])

    def call(self, operation: Callable[..., Answer], *args: Any, **more: Any) -> Answer:
        """Call an operation of a client's; where Amazon refuses its token, once more with a new one."""
        shown = self.get_auth().access_token
        try:
            return operation(*args, **more)
        except AdvertisingApiUnauthorizedException as refusal:
            if ABOUT_THE_PROFILE.search(str(refusal.error)):
                raise
        self._gateway.refused(shown)
        return operation(*args, **more)


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
