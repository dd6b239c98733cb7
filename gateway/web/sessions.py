"""Who sits at the browser, and whether a form came from a page of this gateway.

A cookie holds a random secret: of the session, or before one of the sign-in form. Each form carries a token
that is derived from it, which no other site can know; a foreign Origin is refused before (see middleware).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.calls import check_rights
from gateway.asgi.services import Services, services_of
from gateway.errors import Problem
from gateway.model import Caller, Right
from gateway.util.loopback import is_loopback
from gateway.vault import audit
from gateway.vault.sessions import LIFETIME, LOOPBACK_LIFETIME, SESSION_ID
from gateway.web.page_context import BackLink, PageContext
from gateway.web.renderer import Pages, pages_of

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 30


class SignInNeeded(Exception):
    """The page is for somebody who is signed in. `back_to`: where they wanted to go."""

    def __init__(self, back_to: str) -> None:
        self.back_to = back_to
        super().__init__(back_to)


def form_token(secret: str) -> str:
    """Return what a form has to carry under this cookie; the cookie cannot be derived from it."""
    digest = hashlib.sha256(b"linkfox form|" + secret.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One of the gateway's cookies, as it is to be named and set for this request."""

    name: str
    secure: bool

    @classmethod
    def of(cls, request: Request, purpose: str) -> Self:
        """Return the cookie for `purpose`: `session`, `form`, or a confirmation's.

        Except on loopback it is Secure and bound to this very host (`__Host-`, RFC 6265bis 4.1.3.2). Cookies
        of one host are shared by its ports, so a sandbox and a real gateway name theirs differently.
        """
        kind = "sandbox-" if services_of(request).settings.sandbox else ""
        secure = request.url.scheme == "https" or not is_loopback(request.url.hostname)
        return cls(f"{'__Host-' if secure else ''}linkfox-{kind}{purpose}", secure)

    def read(self, request: Request) -> str | None:
        """Return the secret that the browser sent; None for anything that this gateway would not have set."""
        value = request.cookies.get(self.name, "")
        return value if SESSION_ID.fullmatch(value) else None

    def write(self, answer: Response, value: str, lifetime: int | None) -> None:
        """Set the cookie; `lifetime` in seconds, None until the browser closes."""
        # Lax, not Strict: who comes from Amazon's Appstore is to be found signed in.
        answer.set_cookie(
            self.name, value, max_age=lifetime, secure=self.secure, httponly=True, samesite="lax"
        )

    def clear(self, answer: Response) -> None:
        """Remove the cookie."""
        answer.delete_cookie(self.name, secure=self.secure, httponly=True, samesite="lax")


def visitor_context(request: Request, back: BackLink | None = None) -> PageContext:
    """Return what a page is filled with for whoever comes, signed in or not."""
    has_session = Cookie.of(request, "session").read(request) is not None
    return PageContext(request.headers.get("accept-language"), has_session=has_session, back=back)


async def start_session(request: Request, answer: Response, caller: Caller) -> None:
    """Begin a session of a caller whose key was just checked, and give it to the browser."""
    services = services_of(request)
    cookie = Cookie.of(request, "session")
    lifetime = LIFETIME if cookie.secure else LOOPBACK_LIFETIME
    session = await services.threads.writes(services.vault.sessions.begin, caller, lifetime)
    cookie.write(answer, session.reveal(), lifetime)
    Cookie.of(request, "form").clear(answer)


@dataclass(frozen=True, slots=True)
class SignedInRequest:
    """A request of somebody who is signed in."""

    services: Services
    caller: Caller
    session: str
    context: PageContext
    pages: Pages

    @classmethod
    async def begin(cls, request: Request, *rights: Right) -> Self:
        """Find out who it is. Raise SignInNeeded, and Problem where the key has none of `rights`."""
        signed_in = await cls.find(request)
        if signed_in is None:
            raise SignInNeeded(_back_to(request))
        check_rights(signed_in.caller, rights)
        return signed_in

    @classmethod
    async def find(cls, request: Request) -> Self | None:
        """Find out who it is, if anybody is signed in."""
        services = services_of(request)
        session = Cookie.of(request, "session").read(request)
        if session is None:
            return None
        caller = await services.threads.vault(services.vault.sessions.caller, session)
        if caller is None:
            return None
        if request.method != "GET":  # looking at pages is no news
            audit.identified(caller)
        context = PageContext(request.headers.get("accept-language"), caller, form_token(session))
        return cls(services, caller, session, context, pages_of(request))

    async def form(self, request: Request) -> dict[str, str]:
        """Return the fields of a form of this session. Raise Problem form_refused."""
        return check_token(await read_form(request), self.session)


def _back_to(request: Request) -> str:
    """Return the page to come back to; of a form that was sent, what was entered is lost."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of one that occurs twice the last. Raise Problem bad_parameter."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    try:
        if media_type != FORM_TYPE:
            raise ValueError(media_type)
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise Problem("bad_parameter", "the body is not a form") from None
    return dict(pairs)


def check_token(fields: dict[str, str], secret: str | None) -> dict[str, str]:
    """Return the fields if they carry the token of the browser's cookie. Raise Problem form_refused."""
    presented = fields.get("token", "")
    if secret is None or not hmac.compare_digest(presented.encode(), form_token(secret).encode()):
        raise Problem("form_refused")
    return fields


def new_form_secret() -> str:
    """Return a secret for the cookie of a form before there is a session."""
    return secrets.token_urlsafe(32)


def sign_in_address(back_to: str) -> str:
    """Return the address of the sign-in page that leads back."""
    return "/signin" if back_to == "/" else f"/signin?next={quote(back_to, safe='')}"
