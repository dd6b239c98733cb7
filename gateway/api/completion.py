"""Completing an authorization by the address that a browser ended on, where it could not come back itself."""

from fastapi import APIRouter, Request, Response

from gateway.api.accounts import account_status
from gateway.api.stores import store_status
from gateway.asgi.calls import ApiCall
from gateway.authorization.authorizer import CallbackRefused
from gateway.authorization.callback import Callback
from gateway.errors import Problem
from gateway.model import Attempt, Flow

router = APIRouter()


@router.post("/spApi/completeAuthorization")
async def complete_store(request: Request) -> Response:
    """Complete a store's authorization by the address that the browser ended on."""
    call, attempt = await _completed(request, "spapi")
    return call.answer(await store_status(call, attempt))


@router.post("/amazonAds/completeAuthorization")
async def complete_account(request: Request) -> Response:
    """Complete an ads account's authorization by the address that the browser ended on."""
    call, attempt = await _completed(request, "ads")
    return call.answer(await account_status(call, attempt))


async def _completed(request: Request, flow: Flow) -> tuple[ApiCall, Attempt]:
    """Do what the callback would have done, for an attempt of the caller's own. Raises Problem."""
    call = await ApiCall.begin(request, "manage")
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
    assert attempt is not None, "an attempt is kept for long after its end"
    return call, attempt
