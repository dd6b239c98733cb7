"""The Login URI that Amazon's Appstore opens, and the page that asks before anything is bound to a user."""

from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.services import services_of
from gateway.authorization.appstore import STATE_SECONDS
from gateway.authorization.details import read_name
from gateway.web.page_context import FormState
from gateway.web.page_route import PageRouter
from gateway.web.redirects import see_other
from gateway.web.sessions import SignedInRequest

router = PageRouter()


@router.get("/spApi/oauth/login")
async def login(request: Request) -> Response:
    """Check what Amazon sent and lead to the page that asks, which needs somebody who is signed in.

    That page has a form and with it a referrer policy of its own; this address is passed on to nobody.
    """
    wanted = services_of(request).appstore.read(request.query_params.multi_items())
    return see_other(f"/appstore?{urlencode(wanted.fields(), quote_via=quote, safe='')}")


@router.get("/appstore")
async def ask(request: Request) -> Response:
    """Ask whether the seller is to be connected, and under which name."""
    wanted = services_of(request).appstore.read(request.query_params.multi_items())
    signed_in = await SignedInRequest.begin(request, "manage")
    return signed_in.pages.appstore(
        signed_in.context, wanted.seller_id, wanted.region, wanted.fields(), FormState()
    )


@router.post("/appstore")
async def connect(request: Request) -> Response:
    """Bind a new state to the user who agreed and to the seller, and answer the link back to Amazon."""
    signed_in = await SignedInRequest.begin(request, "manage")
    form = await signed_in.form(request)
    services = signed_in.services
    wanted = services.appstore.read(form.items())
    try:
        name = read_name(form.get("name", ""))
    except ValueError:
        form_state = FormState(form, {"name": "name_wrong"})
        return signed_in.pages.appstore(
            signed_in.context, wanted.seller_id, wanted.region, wanted.fields(), form_state
        )
    begun = await services.appstore.begin(signed_in.caller.user_id, wanted, name)
    return signed_in.pages.to_amazon(signed_in.context, begun.link, wanted.host, STATE_SECONDS)
