"""Completing an authorisation by somebody's word: the confirmation page, and a pasted callback address."""

import secrets
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import APIRouter, Request, Response

from gateway.authorization.authorizer import CallbackRefused
from gateway.authorization.callback import Callback
from gateway.authorization.confirmation import Held
from gateway.problems import Problem
from gateway.routes.ads import account_status
from gateway.routes.calls import Call
from gateway.routes.fields import ATTEMPT_ID
from gateway.routes.results import see, see_result
from gateway.routes.services import Services, services_of
from gateway.routes.spapi import store_status
from gateway.secret import Secret
from gateway.vault.records import Attempt, Flow

router = APIRouter()

CONFIRM_PATH = "/oauth/confirm"
CSRF_BYTES = 32


def see_confirmation(services: Services, attempt: Attempt, callback: Callback) -> Response:
    """Send the browser to the confirmation page, whose address holds what the callback brought, encrypted."""
    token = Secret(secrets.token_urlsafe(CSRF_BYTES))
    held = services.confirmations.hold(Held(attempt.id, callback, token))
    return see(f"{CONFIRM_PATH}/{quote(attempt.id, safe='')}?held={held}")


@router.get(CONFIRM_PATH + "/{attempt_id}")
async def confirmation_page(request: Request) -> Response:
    """Ask whether this user may have access."""
    services = services_of(request)
    language = request.headers.get("accept-language")
    attempt = await _attempt(request)
    if attempt is None:
        return services.pages.problem("not_found", language, status=404)
    if attempt.phase != "pending":
        return see_result(attempt.id)
    text = request.query_params.get("held", "")
    held = services.confirmations.take_back(attempt.id, text)
    if held is None:
        return services.pages.problem("confirmation_ended", language, status=400)
    action = f"{CONFIRM_PATH}/{quote(attempt.id, safe='')}"
    return services.pages.confirmation(
        attempt,
        held.callback.seller_id,
        action=action,
        held=text,
        csrf_token=held.csrf_token,
        language=language,
    )


@router.post(CONFIRM_PATH + "/{attempt_id}")
async def confirm(request: Request) -> Response:
    """Take the person's word: exchange the code, or end the attempt as denied."""
    services = services_of(request)
    language = request.headers.get("accept-language")
    attempt = await _attempt(request)
    if attempt is None:
        return services.pages.problem("not_found", language, status=404)
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    held = services.confirmations.take_back(attempt.id, form.get("held", ""))
    if held is None and attempt.phase != "pending":
        return see_result(attempt.id)
    if held is None:
        return services.pages.problem("confirmation_ended", language, status=400)
    decision = form.get("decision")
    genuine = held.csrf_token == Secret(form.get("csrfToken", "")) and _is_from_own_page(request)
    if not genuine or decision not in {"confirm", "cancel"}:
        return services.pages.problem("confirmation_forged", language, status=403)
    try:
        if decision == "confirm":
            patience = services.settings.callback_patience
            await services.authorizer.complete(attempt.flow, held.callback, patience)
        else:
            await services.authorizer.cancel(attempt.flow, held.callback)
    except CallbackRefused as refused:
        if refused.reason != "state_used":
            return services.pages.problem(refused.reason, language, status=400)
        # The button was pressed twice: the first time counted.
    return see_result(attempt.id)


async def _attempt(request: Request) -> Attempt | None:
    attempt_id = request.path_params["attempt_id"]
    if not ATTEMPT_ID.fullmatch(attempt_id):
        return None
    services = services_of(request)
    return await services.threads.vault(services.vault.attempts.get, attempt_id)


def _is_from_own_page(request: Request) -> bool:
    """Whether a form was sent by a page of this gateway; tools that are no browsers do not say."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    own = {request.headers.get("host", ""), urlsplit(services_of(request).settings.public_url).netloc}
    return urlsplit(origin).netloc in own


@router.post("/spApi/completeAuthorization")
async def complete_store(request: Request) -> Response:
    """Complete a store's authorisation by the address that the browser ended on."""
    call, attempt = await _completed(request, "spapi")
    return call.answer(await store_status(call, attempt))


@router.post("/amazonAds/completeAuthorization")
async def complete_account(request: Request) -> Response:
    """Complete an ads account's authorisation by the address that the browser ended on."""
    call, attempt = await _completed(request, "ads")
    return call.answer(await account_status(call, attempt))


async def _completed(request: Request, flow: Flow) -> tuple[Call, Attempt]:
    """Do what the callback would have done, for an attempt of the caller's own. Raises Problem."""
    call = await Call.begin(request, "manage")
    services = call.services
    expected = services.settings.redirect_uri(flow)
    callback = Callback.from_query(call.fields.query_of("callbackUrl", expected))
    known = None
    if callback.state is not None:
        known = await services.threads.vault(services.vault.attempts.find_by_state, callback.state)
    if known is None or known.flow != flow or known.user_id != call.caller.user_id:
        raise Problem("not_found")
    try:
        await services.authorizer.complete(flow, callback)
    except CallbackRefused as refused:
        raise Problem(refused.reason) from None
    attempt = await services.threads.vault(services.vault.attempts.get, known.id)
    assert attempt is not None, "attempts are never removed"
    return call, attempt
