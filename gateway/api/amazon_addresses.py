"""Amazon's APIs at addresses of the gateway: `/spapi/{region}/…` and `/ads/{region}/…` (references/api.md).

A program that calls Amazon calls them alike. What it sends is passed on as it comes, with the token put in,
and so is the answer: of neither body more is kept than a piece. An answer that Amazon cuts off in its middle
ends the connection, so that nobody takes it for a whole one.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.amazon.forwarding import Forwarded
from gateway.amazon.uploads import Upload
from gateway.api.amazon_callers import find_caller, one_header
from gateway.api.amazon_refusals import REASON_HEADER
from gateway.api.further_rights import as_application, with_restricted_data
from gateway.api.refusals import with_consent_link
from gateway.asgi.body_limit import AMAZON_ADDRESSES
from gateway.asgi.patience import patience_of, until_gone
from gateway.asgi.request_context import header_values
from gateway.asgi.routing import PrefixRoute
from gateway.asgi.services import services_in
from gateway.errors import Problem
from gateway.model import Flow, Region
from gateway.proxy.bearers import Bearer
from gateway.proxy.causes import cause_of
from gateway.proxy.headers import passes
from gateway.proxy.request import WITHOUT_BODY, ProxyRequest, Raw, read_raw_request
from gateway.util.text import cleaned
from gateway.vault import audit

REGIONS: Mapping[str, Region] = {"na": "NA", "eu": "EU", "fe": "FE"}
# Up to so many bytes a body is taken before the call begins: then a slow client holds no place of its user's.
GATHERED = 1024 * 1024
# Of Amazon's headers these go back, and what begins so. Never Set-Cookie, and nothing of the connection.
PASSED_BACK = frozenset(
    {
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "etag",
        "last-modified",
        "location",
        "retry-after",
    }
)
PASSED_BACK_BEGINNING = "x-amz"
# Statuses whose answers have no body, and no length (RFC 9110, sections 8.6 and 15.3.5).
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
LONGEST_VALUE = 8 * 1024
# Which data of buyers the answer is to hold, with commas.
RESTRICTED_HEADER = "x-restricted-data"


@dataclass(frozen=True, slots=True)
class AmazonAddress:
    """All that is below the addresses of one API."""

    flow: Flow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make one call."""
        region, path = self._place(scope)
        who = await find_caller(scope, self.flow, region)
        if who.bearer is not None:
            audit.concerns(_subject(who.bearer))
        services = services_in(scope)
        raw = Raw(scope["method"], path, scope["query_string"], _passing_headers(scope, self.flow))
        wanted = read_raw_request(raw, self.flow, services.settings)
        bearer, restricted = who.bearer, _asked_for(scope)
        if self.flow == "ads" and restricted:
            raise Problem("bad_parameter", "X-Restricted-Data: the Ads API has none; leave it out")
        if self.flow == "spapi":
            wanted = with_restricted_data(who.caller, wanted, restricted)
            bearer = as_application(who.caller, wanted, region, who.bearer)
        if bearer is None:
            raise Problem("bad_parameter", "X-Store: expected the seller id of the store to call for")
        patience = patience_of(scope, receive)
        body = await _body(scope, receive) if wanted.method not in WITHOUT_BODY else None
        if isinstance(body, Upload):  # what is received is the rest of it, until Amazon has it
            patience = replace(patience, gone=None)
        called = wanted
        try:
            async with services.proxy.call(wanted.with_body(body), bearer, patience) as answer:
                del body
                await _pass_on(answer, _headers(answer, bearer, called), receive, send)
        except Problem as problem:
            raise await with_consent_link(services, who.caller, bearer.grant, problem) from None

    def _place(self, scope: Scope) -> tuple[Region, bytes]:
        """Return the region that is called, and the path below it as it was sent. Raise Problem."""
        prefix = AMAZON_ADDRESSES[self.flow]
        beginning, sent = prefix.encode(), scope["raw_path"]
        name, slash, path = sent.removeprefix(beginning).partition(b"/")
        region = REGIONS.get(name.decode("latin-1"))
        if region is None or not sent.startswith(beginning):
            addresses = ", ".join(prefix + each for each in REGIONS)
            raise Problem("unknown_path", f"the addresses of this API are {addresses}")
        return region, slash + path


ROUTES = [
    PrefixRoute(prefix, prefix + "{region}/{path}", AmazonAddress(flow))
    for flow, prefix in AMAZON_ADDRESSES.items()
]


def _subject(bearer: Bearer) -> str:
    """Return how the audit names what is called for."""
    if bearer.profile_id is not None:
        return f"profileId {bearer.profile_id}"
    return audit.subject_of(bearer.grant)


def _asked_for(scope: Scope) -> list[str]:
    """Return the data of buyers that a request asks for. Raise Problem."""
    named = one_header(scope, RESTRICTED_HEADER)
    return [element.strip() for element in named.split(",")] if named else []


def _passing_headers(scope: Scope, flow: Flow) -> dict[str, str]:
    """Return a request's headers that go on to Amazon; of several of a name the last."""
    return {
        name: value.decode("latin-1")
        for name, value in ((key.decode("latin-1"), value) for key, value in scope["headers"])
        if passes(flow, name)
    }


async def _body(scope: Scope, receive: Receive) -> bytes | Upload | None:
    """Return a request's body: the whole of it, or its beginning with what brings the rest.

    Where its length is not said, all of it is taken: Amazon wants to know the length. Raise ClientDisconnect.
    """
    lengths = header_values(scope, b"content-length")
    length = int(lengths[0]) if lengths and lengths[0].isdigit() else None
    most = GATHERED if length is not None and length > GATHERED else None
    beginning, ended = await _gather(receive, most)
    if ended or length is None:
        return beginning or None

    async def more() -> bytes:
        piece, _ = await _gather(receive, 1)
        return piece

    return Upload(beginning, length, more)


async def _gather(receive: Receive, most: int | None) -> tuple[bytes, bool]:
    """Return what comes of a body until that is so much, and whether it has ended. Raise ClientDisconnect."""
    taken = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        taken += message.get("body", b"")
        ended = not message.get("more_body", False)
        if ended or (most is not None and len(taken) >= most):
            return bytes(taken), ended


def _headers(answer: Forwarded, bearer: Bearer, called: ProxyRequest) -> list[tuple[bytes, bytes]]:
    """Return the headers of the answer that is passed on. Raise Problem for an answer that cannot be."""
    if not HTTPStatus.OK <= answer.status <= 599:
        raise Problem("amazon_failed", f"Amazon answered with the status {answer.status}")
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name in PASSED_BACK or name.startswith(PASSED_BACK_BEGINNING)
    }
    if answer.status not in BODILESS:
        length = str(len(answer.beginning)) if answer.is_whole else answer.headers.get("content-length")
        if length is not None:
            headers["content-length"] = length
    if (cause := cause_of(answer, bearer, called)) is not None:
        headers[REASON_HEADER.lower()] = cause.reason
    return [
        (name.encode("latin-1"), cleaned(value, LONGEST_VALUE).encode("latin-1", "replace"))
        for name, value in headers.items()
    ]


async def _pass_on(
    answer: Forwarded, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send
) -> None:
    """Send an answer while it comes. Raise ClientDisconnect where nobody takes it any more."""
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.is_whole or answer.status in BODILESS:
        body = b"" if answer.status in BODILESS else answer.beginning
        await send({"type": "http.response.body", "body": body})
        return
    gone = asyncio.ensure_future(until_gone(receive))
    try:
        async for piece in answer.pieces():
            if gone.done():
                raise ClientDisconnect
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
    finally:
        gone.cancel()
