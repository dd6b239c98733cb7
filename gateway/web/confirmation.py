"""Completing an authorization by somebody's word: the page that asks first, before the code is exchanged."""

import secrets
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.services import Services, services_of
from gateway.authorization.authorizer import CallbackRefused
from gateway.authorization.callback import Callback
from gateway.authorization.confirmation import PendingCallback
from gateway.errors import Problem
from gateway.model import Attempt
from gateway.util.secret import Secret
from gateway.web.addressed import addressed_attempt
from gateway.web.page_route import PageRouter
from gateway.web.redirects import see_other, see_result
from gateway.web.renderer import pages_of
from gateway.web.sessions import read_form

router = PageRouter()

CONFIRM_PATH = "/oauth/confirm"
CSRF_BYTES = 32


def see_confirmation(services: Services, attempt: Attempt, callback: Callback) -> Response:
    """Send the browser to the confirmation page, whose address holds what the callback brought, encrypted."""
    token = Secret(secrets.token_urlsafe(CSRF_BYTES))
    held = services.confirmations.hold(PendingCallback(attempt.id, callback, token))
    return see_other(f"{CONFIRM_PATH}/{quote(attempt.id, safe='')}?held={held}")


@router.get(CONFIRM_PATH + "/{attempt_id}")
async def confirmation_page(request: Request) -> Response:
    """Ask whether this user may have access."""
    services = services_of(request)
    attempt = await addressed_attempt(request)
    if attempt.phase != "pending":
        return see_result(attempt.id)
    text = request.query_params.get("held", "")
    held = services.confirmations.take_back(attempt.id, text)
    if held is None:
        raise Problem("confirmation_ended")
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
    form = await read_form(request)
    held = services.confirmations.take_back(attempt.id, form.get("held", ""))
    if held is None and attempt.phase != "pending":
        return see_result(attempt.id)
    if held is None:
        raise Problem("confirmation_ended")
    decision = form.get("decision")
    genuine = held.csrf_token == Secret(form.get("csrfToken", ""))
    if not genuine or decision not in {"confirm", "cancel"}:
        raise Problem("confirmation_forged")
    try:
        if decision == "confirm":
            patience = services.settings.callback_patience
            await services.authorizer.complete(attempt.flow, held.callback, patience)
        else:
            await services.authorizer.cancel(attempt.flow, held.callback)
    except CallbackRefused as refused:
        if refused.reason != "state_used":
            raise Problem(refused.reason) from None
        # The button was pressed twice: the first time counted.
    return see_result(attempt.id)
