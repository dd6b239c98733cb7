"""The Login URI that Amazon's Appstore opens, and the page that asks before anything is bound to a user."""

from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.services import services_of
from gateway.authorization.appstore import STATE_SECONDS
from gateway.authorization.details import read_name
from gateway.web.page_route import PageRouter
from gateway.web.redirects import see
from gateway.web.renderer import FormState
from gateway.web.sessions import SignedInRequest

router = PageRouter()


@router.get("/spApi/oauth/login")
async def login(request: Request) -> Response:
    """Check what Amazon sent and lead to the page that asks, which needs somebody who is signed in.

    That page has a form and with it a referrer policy of its own; this address tells nobody of itself.
    """
    wanted = services_of(request).appstore.read(request.query_params.multi_items())
    return see(f"/appstore?{urlencode(wanted.fields(), quote_via=quote, safe='')}")


@router.get("/appstore")
async def ask(request: Request) -> Response:
    """Ask whether the seller is to be connected, and under which name."""
    wanted = services_of(request).appstore.read(request.query_params.multi_items())
    visit = await SignedInRequest.begin(request, "manage")
    entered = FormState({"name": wanted.seller_id})
    return visit.pages.appstore(visit.reader, wanted.seller_id, wanted.region, wanted.fields(), entered)


@router.post("/appstore")
async def connect(request: Request) -> Response:
    """Bind a new state to the user who agreed and to the seller, and answer the link back to Amazon."""
    visit = await SignedInRequest.begin(request, "manage")
    form = await visit.form(request)
    services = visit.services
    wanted = services.appstore.read(form.items())
    try:
        name = read_name(form.get("name", ""))
    except ValueError:
        entered = FormState(form, {"name": "name_wrong"})
        return visit.pages.appstore(visit.reader, wanted.seller_id, wanted.region, wanted.fields(), entered)
    begun = await services.appstore.begin(visit.caller.user_id, wanted, name)
    return visit.pages.to_amazon(visit.reader, begun.link, wanted.host, STATE_SECONDS)
