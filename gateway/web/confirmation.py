"""Completing an authorization by somebody's word: the page that asks first, before the code is exchanged."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.services import services_of
from gateway.authorization.authorizer import CallbackRefused
from gateway.authorization.callback import Callback
from gateway.authorization.confirmation import CONFIRM_SECONDS, PendingCallback
from gateway.errors import Problem
from gateway.model import Attempt
from gateway.util.secret import Secret
from gateway.web.addressed import addressed_attempt
from gateway.web.page_route import PageRouter
from gateway.web.redirects import see_other, see_result
from gateway.web.renderer import pages_of
from gateway.web.returning import see_end_after_form, tell_with_way_back
from gateway.web.sessions import Cookie, form_token, new_form_secret, read_form

router = PageRouter()

CONFIRM_PATH = "/oauth/confirm"


def _cookie(request: Request, attempt_id: str) -> Cookie:
    """Return the cookie that tells the browser which came with a callback; each attempt has its own.

    One for all would be set twice by two tabs that come at once, and the first would be lost.
    """
    return Cookie.of(request, f"confirm-{attempt_id}")


async def see_confirmation(request: Request, attempt: Attempt, callback: Callback) -> Response:
    """Send the browser to the confirmation page, whose address holds what the callback brought, encrypted.

    The address may be seen by others, in a log or over a shoulder: what it holds is good only together with
    the cookie that this browser gets. Raise CallbackRefused where another brought the code before.
    """
    services = services_of(request)
    cookie = _cookie(request, attempt.id)
    secret = cookie.read(request) or new_form_secret()
    token = Secret(form_token(secret))
    await services.authorizer.hold(attempt, callback, token)
    held = services.confirmations.hold(PendingCallback(attempt.id, callback, token))
    answer = see_other(f"{CONFIRM_PATH}/{quote(attempt.id, safe='')}?held={held}")
    cookie.write(answer, secret, CONFIRM_SECONDS)
    return answer


def _taken_back(request: Request, attempt: Attempt, text: str) -> PendingCallback:
    """Return what this browser was given to hold. Raise Problem where that has ended, or it was another."""
    held = services_of(request).confirmations.take_back(attempt.id, text)
    if held is None:
        raise Problem("confirmation_ended")
    secret = _cookie(request, attempt.id).read(request)
    if secret is None or held.csrf_token != Secret(form_token(secret)):
        raise Problem("confirmation_elsewhere")
    return held


@router.get(CONFIRM_PATH + "/{attempt_id}")
async def confirmation_page(request: Request) -> Response:
    """Ask whether this user may have access."""
    attempt = await addressed_attempt(request)
    if attempt.phase != "pending":
        return see_result(attempt.id)
    tell_with_way_back(request, attempt)
    text = request.query_params.get("held", "")
    held = _taken_back(request, attempt, text)
    action = f"{CONFIRM_PATH}/{quote(attempt.id, safe='')}"
    return pages_of(request).confirmation(
        attempt,
        held.callback.seller_id,
        action=action,
        held=text,
        csrf_token=held.csrf_token,
        language=request.headers.get("accept-language"),
    )


@router.post(CONFIRM_PATH + "/{attempt_id}")
async def confirm(request: Request) -> Response:
    """Take the person's word: exchange the code, or end the attempt as denied."""
    services = services_of(request)
    attempt = await addressed_attempt(request)
    tell_with_way_back(request, attempt)
    form = await read_form(request)
    if attempt.phase != "pending":  # the button was pressed twice: the first time counted
        return see_end_after_form(attempt)
    held = _taken_back(request, attempt, form.get("held", ""))
    decision = form.get("decision")
    genuine = held.csrf_token == Secret(form.get("csrfToken", ""))
    if not genuine or decision not in {"confirm", "cancel"}:
        raise Problem("confirmation_forged")
    try:
        if decision == "confirm":
            patience = services.settings.callback_patience
            await services.authorizer.complete(attempt.flow, held.callback, patience, confirmed=True)
        else:
            await services.authorizer.cancel(attempt.flow, held.callback)
    except CallbackRefused as refused:
        if refused.reason != "state_used":
            raise Problem(refused.reason) from None
        # Pressed twice at the same moment.
    answer = see_end_after_form(attempt)
    _cookie(request, attempt.id).clear(answer)
    return answer
