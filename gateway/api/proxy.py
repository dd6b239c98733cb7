"""The developer proxy: `/spApi/developerProxy` and `/amazonAds/developerProxy` (references/api.md).

Bodies can be large in both directions: they are parsed and written off the event loop, and kept once.
"""

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from gateway.amazon.forwarding import Forwarded
from gateway.amazon.marketplaces import INDIA_NOTE
from gateway.api.fields import Fields
from gateway.asgi.calls import JSON_TYPE, ApiCall, not_json, parse_fields
from gateway.asgi.services import Services, services_of
from gateway.model import Flow
from gateway.proxy.answers import PIECE, answer_document
from gateway.proxy.request import ProxyRequest, read_wanted
from gateway.proxy.service import Bearer
from gateway.util.secret import Secret

router = APIRouter()

# Up to this many characters a change of threads takes longer than the work itself.
SMALL = 64 * 1024


@router.post("/spApi/developerProxy")
async def call_selling_partner_api(request: Request) -> Response:
    """Call the SP-API for one of the caller's stores."""
    return await _forward(request, "spapi")


@router.post("/amazonAds/developerProxy")
async def call_ads_api(request: Request) -> Response:
    """Call the Ads API for one of the caller's profiles."""
    return await _forward(request, "ads")


async def _forward(request: Request, flow: Flow) -> Response:
    services = services_of(request)
    wanted, bearer, notes = await _checked(request, flow)
    answer = await services.proxy.call(wanted, bearer)
    return await _answer(services, answer, notes)


async def _checked(request: Request, flow: Flow) -> tuple[ProxyRequest, Bearer, list[str]]:
    """Return what is to be sent with which token, and what to tell the caller beside the answer.

    The caller's own document is dropped with this frame.
    """
    call = await ApiCall.begin(request, "proxy", read=_read_large_fields)
    services, fields, user_id = call.services, call.fields, call.caller.user_id
    if len(fields.text("body") or "") <= SMALL:
        wanted = read_wanted(fields, flow, services.settings)
    else:
        wanted = await services.threads.proxy(read_wanted, fields, flow, services.settings)
    region = fields.required_region()
    presented = Secret(fields.text("amzAccessToken") or "") or None
    if flow == "spapi":
        bearer = await services.proxy.store_bearer(user_id, region, presented, fields.seller_id())
    else:
        bearer = await services.proxy.account_bearer(user_id, region, presented, fields.number("profileId"))
    return wanted, bearer, [] if bearer.region == region else [INDIA_NOTE]


async def _read_large_fields(request: Request) -> Fields:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
    if len(received) <= SMALL:
        return parse_fields(bytes(received))
    return await services_of(request).threads.proxy(_parsed, received)


def _parsed(received: bytearray) -> Fields:
    """Return the fields of a large body. Its bytes are let go of before its text is taken apart."""
    try:
        text = received.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise not_json() from None
    received.clear()
    return parse_fields(text)


async def _answer(services: Services, answer: Forwarded, notes: list[str]) -> Response:
    size = answer.size
    document = answer_document(answer, sandbox=services.settings.sandbox, notes=notes)
    if size <= PIECE:
        return Response(b"".join(document), media_type=JSON_TYPE)
    return StreamingResponse(document, media_type=JSON_TYPE)
