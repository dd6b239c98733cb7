"""Sending a web application's customer back to where they came from, once their authorization has ended.

It is redirected only to the address that was checked when the link was made. After a form there is a page in
between: under `form-action 'self'` a form's answer may lead nowhere else, nor may what that one leads to.
"""

from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.error_answers import PROBLEM_ANSWER
from gateway.asgi.services import services_of
from gateway.authorization.attempt_state import state_of
from gateway.authorization.return_address import address_of_return, host_of
from gateway.errors import Problem
from gateway.model import Attempt
from gateway.util.text import cleaned
from gateway.vault.errors import VaultError
from gateway.web.addressed import addressed_attempt
from gateway.web.page_context import BackLink, PageContext
from gateway.web.page_route import PageRouter
from gateway.web.redirects import result_path, see_other, see_result
from gateway.web.renderer import pages_of
from gateway.web.sessions import visitor_context

router = PageRouter()

RETURN_PATH = "/oauth/return"


def way_back(request: Request, attempt: Attempt, refusal: str | None = None) -> str | None:
    """Return the address that tells the application how the attempt stands; None where nobody gave one.

    `refusal`: why the attempt did not get any further this time, where it has not ended.
    """
    if attempt.return_url is None:
        return None
    state, reason = state_of(attempt, services_of(request).clock.now())
    return address_of_return(attempt, state, reason or (refusal if state == "pending" else None))


async def see_end(request: Request, attempt_id: str) -> Response:
    """Send the browser to where its attempt leads: back, where that has ended, else to the result page."""
    services = services_of(request)
    try:
        attempt = await services.threads.vault(services.vault.attempts.get, attempt_id)
    except VaultError:
        attempt = None
    return (attempt and see_return(request, attempt)) or see_result(attempt_id)


def see_return(request: Request, attempt: Attempt) -> Response | None:
    """Send the browser of an attempt that has ended back; None where it has not, or there is no way back."""
    if state_of(attempt, services_of(request).clock.now())[0] == "pending":
        return None
    address = way_back(request, attempt)
    return None if address is None else see_other(address)


def see_end_after_form(attempt: Attempt) -> Response:
    """Answer a form with a redirect to a page of this gateway that leads on."""
    if attempt.return_url is None:
        return see_result(attempt.id)
    return see_other(f"{RETURN_PATH}/{quote(attempt.id, safe='')}")


def context_of(request: Request, attempt: Attempt) -> PageContext:
    """Return what a page about an attempt is filled with: with the way back, where there is one."""
    address = way_back(request, attempt)
    if address is None or attempt.return_url is None:
        return visitor_context(request)
    return visitor_context(request, BackLink(address, cleaned(host_of(attempt.return_url))))


def tell_with_way_back(request: Request, attempt: Attempt) -> None:
    """Let what goes wrong from here on be told on a page from which the customer gets back."""

    def tell(context: PageContext, problem: Problem, request_id: str) -> Response:
        return pages_of(request).problem(problem, context, request_id)

    request.scope[PROBLEM_ANSWER] = partial(tell, context_of(request, attempt))


@router.get(RETURN_PATH + "/{attempt_id}")
async def return_page(request: Request) -> Response:
    """Lead the browser back by itself, or by a link."""
    attempt = await addressed_attempt(request)
    if attempt.return_url is None:
        return see_result(attempt.id)
    return pages_of(request).returning(context_of(request, attempt), result_path(attempt.id))
