"""The way that each request takes to its function, and its answer back.

The API key is checked first, then its rights, then the body is read: as one JSON object, whatever the
Content-Type says. An answer is a model, written as JSON.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.amazon.marketplaces import parse_region
from gateway.api.answers.base import Answer
from gateway.api.requests.base import ApiRequest
from gateway.api.token_reads import TokenCall
from gateway.asgi.calls import JSON_TYPE, ApiCall
from gateway.asgi.services import Services
from gateway.authorization.attempt_state import ATTEMPT_ID
from gateway.errors import Problem
from gateway.model import Right
from gateway.vault import audit

# Up to this many bytes a change of threads takes longer than reading them.
SMALL = 64 * 1024
# Lists and objects within each other; every Python that there is reads so many.
DEEPEST = 500
BYTE_ORDER_MARK = "\ufeff"
DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
# Narrower than what is looked up: a key or a code in the wrong field must not get into the audit.
AUDITED_SELLER = re.compile(r"[A-Z0-9]{1,18}", re.ASCII)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Made once: json.loads would make one for every body.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
Handler = Callable[[Any, Any], Awaitable[Answer | ASGIApp]]


@dataclass(frozen=True, slots=True)
class PlainEndpoint:
    """A function of the request that returns its response."""

    function: Callable[[Request], Awaitable[Response]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self.function(Request(scope, receive))
        await response(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call: its key and rights are checked before the body is read."""

    function: Handler
    model: type[ApiRequest]
    rights: tuple[Right, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = await ApiCall.begin(scope, self.rights)
        answer = await self.function(call, await self._read(receive, call.services))
        await self._send(answer, call.services, scope, receive, send)

    async def _read(self, receive: Receive, services: Services) -> ApiRequest:
        """Return the body as the call's model. A large one is taken apart off the event loop."""
        body = await read_body(receive)
        if len(body) <= SMALL:
            document = _parse_object(body)
        else:
            document = await services.threads.proxy(_parse_large_object, body)
        audit.concerns(_subject_of(document))
        return self.model.read(document)

    async def _send(
        self, answer: Answer | ASGIApp, services: Services, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an answer; what is no model sends itself."""
        if not isinstance(answer, Answer):
            await answer(scope, receive, send)
            return
        # By hand: what Starlette's Response does beside costs as much as all that stands above.
        body = _document(answer, services)
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class TokenEndpoint(Endpoint):
    """A call that checks its key with the statement that reads its tokens: each of them comes often."""

    __slots__ = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = TokenCall.begin(scope, self.rights)
        try:
            wanted = await self._read(receive, call.services)
        except Problem:
            # Who has no valid key learns nothing else. What was not understood is about nothing.
            await call.check_key()
            audit.concerns(None)
            raise
        answer = await self.function(call, wanted)
        await self._send(answer, call.services, scope, receive, send)


def written(answer: Answer, services: Services, status: int = HTTPStatus.OK) -> Response:
    """Return the response that an answer is."""
    return Response(_document(answer, services), status, media_type=JSON_TYPE)


def _document(answer: Answer, services: Services) -> bytes:
    """Write an answer; in a sandbox it says so."""
    if services.settings.sandbox:
        answer.sandbox = True
    # As model_dump_json does, which makes text of the bytes.
    return answer.__pydantic_serializer__.to_json(answer)


async def read_body(receive: Receive) -> bytes | bytearray:
    """Return a request's whole body, as a bytearray where it came in pieces. Raise ClientDisconnect."""
    message = await receive()
    if not message.get("more_body", False) and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        return body
    received = bytearray()
    while True:
        if message["type"] != "http.request":
            raise ClientDisconnect
        received += message.get("body", b"")
        if not message.get("more_body", False):
            return received
        message = await receive()


def _parse_object(body: bytes | bytearray) -> dict[str, Any]:
    """Return the JSON object of a body; nothing at all counts as `{}`. A bytearray is emptied on the way.

    Raises:
        Problem: `bad_parameter` for anything that is not one JSON object in UTF-8, and for one too deep.
    """
    if not body:
        return {}
    try:
        # json.loads would take the bytes of UTF-16 and UTF-32, too. A byte order mark does no harm.
        text = body.decode().removeprefix(BYTE_ORDER_MARK)
        if isinstance(body, bytearray):
            body.clear()
        document = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise _not_json() from None
    if not isinstance(document, dict):
        raise _no_object()
    if len(text) > DEEPEST and text.count("[") + text.count("{") > DEEPEST and _is_too_deep(document):
        raise _not_json()
    return document


def _parse_large_object(body: bytes | bytearray) -> dict[str, Any]:
    """As `_parse_object`: in less than half the time, for all that the faster reader takes."""
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError:  # no JSON, or a byte order mark, half a surrogate pair, more than 200 levels
        return _parse_object(body)
    if not isinstance(document, dict):
        raise _no_object()
    if isinstance(body, bytearray):
        body.clear()
    return document


def _no_object() -> Problem:
    return Problem("bad_parameter", "the body is not a JSON object; expected {…}")


def _not_json() -> Problem:
    return Problem("bad_parameter", "the body is not JSON in UTF-8; expected one JSON object")


def _is_too_deep(document: dict[str, Any]) -> bool:
    """Tell whether lists and objects are nested further than any Python refuses by itself."""
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def _subject_of(document: Mapping[str, Any]) -> str | None:
    """Return what a body names, for the audit: nothing that is not of an id's shape."""
    seller_id = document.get("sellerId")
    if isinstance(seller_id, str) and AUDITED_SELLER.fullmatch(seller_id):
        region = document.get("region")
        known = parse_region(region) if isinstance(region, str) else None
        return f"{seller_id} {known}" if known else seller_id
    for key in ("authRecordId", "profileId"):
        value = document.get(key)
        if DIGITS.fullmatch(str(value)):
            return f"{key} {value}"
    attempt_id = document.get("authorizationId")
    if isinstance(attempt_id, str) and ATTEMPT_ID.fullmatch(attempt_id):
        return audit.ATTEMPT + attempt_id
    return None
