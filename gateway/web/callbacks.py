"""What browsers come to: the callbacks, the result page, its stylesheet, and what they ask for by themselves.

A callback answers with a redirect at once, so that the authorization code does not stay in the address bar.
"""

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.services import services_of
from gateway.authorization.attempt_state import state_of
from gateway.authorization.authorizer import CallbackRefused
from gateway.authorization.callback import Callback
from gateway.authorization.confirmation import needs_confirmation
from gateway.errors import Problem
from gateway.model import Flow
from gateway.settings.applications import CALLBACK_PATHS
from gateway.web.addressed import addressed_attempt
from gateway.web.confirmation import see_confirmation
from gateway.web.page_route import PageRouter
from gateway.web.redirects import RESULT_PATH, see_other
from gateway.web.renderer import pages_of
from gateway.web.returning import context_of, see_end, see_return, way_back

router = PageRouter()

# Why a callback can belong to no attempt; nothing else can be put on the page through its address.
SHOWN_PROBLEMS = frozenset(
    {"state_unknown", "state_used", "code_taken", "too_many_codes", "expired", "completion_delayed"}
)


@router.get(CALLBACK_PATHS["spapi"])
async def store_callback(request: Request) -> Response:
    """Take a browser that comes back from Seller or Vendor Central."""
    return await _complete(request, "spapi")


@router.get(CALLBACK_PATHS["ads"])
async def account_callback(request: Request) -> Response:
    """Take a browser that comes back from the Ads consent page."""
    return await _complete(request, "ads")


async def _complete(request: Request, flow: Flow) -> Response:
    services = services_of(request)
    callback = Callback.from_query(request.query_params.multi_items())
    try:
        if needs_confirmation(services.settings, flow):
            attempt = await services.authorizer.awaiting(flow, callback)
            if attempt is not None:
                return await see_confirmation(request, attempt, callback)
        patience = services.settings.callback_patience
        return await see_end(request, await services.authorizer.complete(flow, callback, patience))
    except CallbackRefused as refused:
        attempt = refused.attempt
        if attempt is None or (back := way_back(request, attempt, refused.reason)) is None:
            return see_other(f"{RESULT_PATH}?problem={refused.reason}")
        if refused.reason == "state_used":  # it came before, and may be under way
            return await see_end(request, attempt.id)
        return see_other(back)


@router.get(RESULT_PATH)
async def problem_page(request: Request) -> Response:
    """Show why a callback could not be matched to an authorization."""
    reason = request.query_params.get("problem", "")
    raise Problem(reason if reason in SHOWN_PROBLEMS else "not_found")


@router.get(RESULT_PATH + "/{attempt_id}")
async def result_page(request: Request) -> Response:
    """Show how an authorization ended, or send back who is to return to an application.

    The attempt's id is random, so only who was sent here knows the address.
    """
    services = services_of(request)
    attempt = await addressed_attempt(request)
    if (back := see_return(request, attempt)) is not None:
        return back
    context = context_of(request, attempt)
    state, reason = state_of(attempt, services.clock.now())
    if state != "authorized":
        return pages_of(request).unfinished(context, attempt, state, reason)
    if attempt.flow == "ads":
        sync, profiles = None, []
        if attempt.grant_id is not None:
            sync = await services.profile_sync.state(attempt.grant_id)
            profiles = await services.threads.vault(services.vault.profiles.of_grant, attempt.grant_id)
        return pages_of(request).account(context, attempt, sync, profiles)
    grant, sites = None, None
    if attempt.grant_id is not None:
        grant = await services.threads.vault(services.vault.grants.get, attempt.grant_id)
    if grant is not None:
        sites = (await services.threads.vault(services.vault.store_sites.of, [grant])).get(grant.id)
    return pages_of(request).store(context, attempt, grant, sites)


@router.get("/pages/style.css")
async def stylesheet(request: Request) -> Response:
    """Serve the one stylesheet."""
    return pages_of(request).stylesheet()


@router.get("/favicon.ico")
async def icon(_request: Request) -> Response:
    """Answer that there is no icon, which every browser asks for; it asks again after a day."""
    return Response(status_code=204, headers={"Cache-Control": "max-age=86400"})
