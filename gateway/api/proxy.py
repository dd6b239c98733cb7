"""The developer proxy: `/spApi/developerProxy` and `/amazonAds/developerProxy` (references/api.md).

Bodies can be large in both directions: they are read and written off the event loop, and kept once.
"""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.answers.proxy import ProxyAnswer, StoreProxyAnswer
from gateway.api.endpoints import SMALL
from gateway.api.error_groups import REFRESH_ERRORS
from gateway.api.further_rights import as_application, with_restricted_data
from gateway.api.operations import Example
from gateway.api.refusals import with_consent_link
from gateway.api.requests.proxy import AccountProxyRequest, ProxyCallRequest, StoreProxyRequest
from gateway.api.routing import ApiRouter
from gateway.asgi.body_limit import PROXY_PATHS
from gateway.asgi.calls import JSON_TYPE, ApiCall
from gateway.asgi.patience import patience_of
from gateway.asgi.services import Services
from gateway.errors import Problem
from gateway.model import Flow
from gateway.proxy.answers import AnswerDocument, answer_document
from gateway.proxy.bearers import Bearer
from gateway.proxy.causes import cause_of
from gateway.proxy.request import ProxyRequest, read_proxy_request
from gateway.regions import notes_of

router = ApiRouter("Calling Amazon", "Calling Amazon's APIs for a store or profile")

ERRORS = ("not_allowed", *REFRESH_ERRORS, "answer_too_large")
RULES = (
    "Redirects are not followed. Nothing is sent twice but a GET: where Amazon refused the token that the "
    "gateway chose, or the application's client secret. A user has so many calls under way at once; one that "
    "waits too long for a place is answered 429 and was not sent. Calls of one store and operation are "
    "spaced by the rate that Amazon publishes: one whose turn comes later than the header `X-Deadline` says "
    "(in seconds, else 20) is answered 429 at once, with the true Retry-After, and was not sent. "
    "Either `amzAccessToken` or `{named}` is needed."
)


@router.post(
    PROXY_PATHS["spapi"],
    rights=("proxy",),
    errors=ERRORS,
    description=RULES.format(named="sellerId"),
    answer=StoreProxyAnswer,
    examples=[
        Example(
            "A GET",
            StoreProxyRequest.example(
                queryString="MarketplaceIds=ATVPDKIKX0DER&CreatedAfter=2027-01-01T00%3A00%3A00Z",
                sellerId="A1SANDBOXNA001",
            ),
            StoreProxyAnswer.example(rateLimit=0.0167, body='{"payload":{"Orders":[]}}'),
        )
    ],
)
async def call_selling_partner_api(call: ApiCall, request: StoreProxyRequest) -> ASGIApp:
    """Call the SP-API for one of the caller's stores."""
    wanted = await _proxy_request(call.services, request, "spapi")
    asked = request.restricted or []
    wanted = with_restricted_data(call.caller, wanted, asked)
    store = await call.services.proxy.bearers.store(
        call.caller, request.region, request.amz_access_token or None, request.seller_id
    )
    bearer = as_application(call.caller, wanted, request.region, store)
    if bearer is None:
        raise Problem("bad_parameter", "amzAccessToken: expected it, or sellerId in its place")
    return _ProxiedCall(call, wanted, bearer, notes_of(request.region, bearer.region) or [], asked)


@router.post(
    PROXY_PATHS["ads"],
    rights=("proxy",),
    errors=ERRORS,
    description=RULES.format(named="profileId"),
    answer=ProxyAnswer,
    examples=[
        Example(
            "A GET",
            AccountProxyRequest.example(path="/v2/profiles", profileId=123456789012345),
            ProxyAnswer.example(),
        )
    ],
)
async def call_ads_api(call: ApiCall, request: AccountProxyRequest) -> ASGIApp:
    """Call the Ads API for one of the caller's profiles."""
    wanted = await _proxy_request(call.services, request, "ads")
    bearer = await call.services.proxy.bearers.account(
        call.caller, request.region, request.amz_access_token or None, request.profile_id
    )
    return _ProxiedCall(call, wanted, bearer, [], [])


async def _proxy_request(services: Services, request: ProxyCallRequest, flow: Flow) -> ProxyRequest:
    """Return what is to be sent. The caller's own text of it is let go of, so that it is kept once."""
    if len(request.body or "") <= SMALL:
        wanted = read_proxy_request(request, flow, services.settings)
    else:
        wanted = await services.threads.proxy(read_proxy_request, request, flow, services.settings)
    request.body = None
    return wanted


@dataclass(slots=True)
class _ProxiedCall:
    """Makes a call and sends the answer, which counts as under way until the last of it is sent."""

    call: ApiCall
    wanted: ProxyRequest | None
    bearer: Bearer
    notes: list[str]
    restricted: list[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        services = self.call.services
        wanted = self._take_wanted()
        called = wanted.with_body(None)
        try:
            async with services.proxy.call(wanted, self.bearer, patience_of(scope, receive)) as answer:
                del wanted
                cause = cause_of(answer, self.bearer, called)
                document = answer_document(
                    answer,
                    await answer.as_json(services.settings.proxy_largest_answer),
                    sandbox=services.settings.sandbox,
                    notes=self.notes,
                    cause=cause,
                    restricted=self.restricted,
                )
                await _send(document, send)
        except Problem as problem:
            raise await with_consent_link(services, self.call.caller, self.bearer.grant, problem) from None

    def _take_wanted(self) -> ProxyRequest:
        """Return what is to be sent, and let go of it: its body may be large."""
        wanted, self.wanted = self.wanted, None
        assert wanted is not None, "a call is made once"
        return wanted


async def _send(document: AnswerDocument, send: Send) -> None:
    """Send a document: at once where it is small, else each piece when the one before is on its way."""
    length = document.length
    headers = [(b"content-length", b"%d" % length), (b"content-type", JSON_TYPE.encode())]
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})
    if length <= SMALL:
        await send({"type": "http.response.body", "body": b"".join(document.take())})
        return
    for piece in document.take():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})
