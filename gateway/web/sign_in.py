"""Signing in with an API key, and out again."""

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.calls import check_rights, refused_key
from gateway.asgi.error_answers import PROBLEM_ANSWER
from gateway.asgi.services import services_of
from gateway.errors import Problem
from gateway.vault import audit
from gateway.web.page_context import PageContext
from gateway.web.page_route import PageRouter, tell_on_page
from gateway.web.redirects import see_other
from gateway.web.renderer import pages_of
from gateway.web.sessions import (
    Cookie,
    SignedInRequest,
    check_token,
    form_token,
    new_form_secret,
    read_form,
    start_session,
)

router = PageRouter()

# The gateway's own pages, and nothing that a browser could take for another host.
OWN_PAGE = re.compile(r"/(stores/authorize|accounts/authorize|remove/[0-9]{1,19}|appstore)?(\?[!-\[\]-~]*)?")
LONGEST_ADDRESS = 8000
ERRORS = {
    "unauthorized": "sign_in_failed",
    "key_lacks_right": "sign_in_no_rights",
    "too_many_failures": "sign_in_too_many",
}


def own_page(address: str) -> str:
    """Return `address` if it is a page of this gateway, else the overview's."""
    return address if len(address) <= LONGEST_ADDRESS and OWN_PAGE.fullmatch(address) else "/"


@router.get("/signin")
async def sign_in_page(request: Request) -> Response:
    """Ask for the API key; who is signed in already is sent on."""
    back_to = own_page(request.query_params.get("next", "/"))
    if await SignedInRequest.find(request) is not None:
        return see_other(back_to)
    return _ask(request, back_to)


def _ask(
    request: Request, back_to: str, error: str | None = None, *, status: int = 200, wait: int = 0
) -> Response:
    cookie = Cookie.of(request, "form")
    # One that is there is kept, so that a form in another tab stays good.
    secret = cookie.read(request) or new_form_secret()
    context = PageContext(request.headers.get("accept-language"), None, form_token(secret))
    answer = pages_of(request).sign_in(context, back_to, error, status=status, wait=wait)
    cookie.write(answer, secret, None)
    return answer


@router.post("/signin")
async def sign_in(request: Request) -> Response:
    """Check the API key and begin a session."""
    services = services_of(request)
    fields = check_token(await read_form(request), Cookie.of(request, "form").read(request))
    back_to = own_page(fields.get("next", "/"))
    caller = await services.threads.vault(services.vault.users.authenticate, fields.get("key", "").strip())
    # A key that does not do is said beside its field.
    request.scope[PROBLEM_ANSWER] = partial(_refused, request, back_to)
    if caller is None:
        raise refused_key(request.scope)
    audit.identified(caller)
    check_rights(caller, ("manage", "tokens"))
    answer = see_other(back_to)
    await start_session(request, answer, caller)
    return answer


def _refused(request: Request, back_to: str, problem: Problem, request_id: str) -> Response:
    """Ask again after a key that is not valid, may do nothing here, or was one too many."""
    if problem.reason not in ERRORS:
        return tell_on_page(request.scope, problem, request_id)
    wait = problem.extra.get("retryAfter", 0)
    return _ask(request, back_to, ERRORS[problem.reason], status=problem.row.http_status, wait=wait)


@router.post("/signout")
async def sign_out(request: Request) -> Response:
    """End the session."""
    signed_in = await SignedInRequest.find(request)
    answer = see_other("/signin")
    if signed_in is not None:
        await signed_in.form(request)
        await signed_in.services.threads.writes(signed_in.services.vault.sessions.end, signed_in.session)
    Cookie.of(request, "session").clear(answer)
    return answer
