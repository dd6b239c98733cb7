"""The token endpoint in the shape of Login with Amazon's, `/auth/o2/token` (references/api.md).

A program that refreshes a token of Amazon's changes the address, and brings an API key in place of the client
secret and a handle in place of the refresh token. What it gets is as fresh as libraries take it to be.
"""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.amazon_refusals import REASON_HEADER
from gateway.api.answers.login_with_amazon import LwaError, TokenAnswer, TokenRefusal
from gateway.api.endpoints import read_body
from gateway.api.operations import Example, Operation, Result
from gateway.api.requests.login_with_amazon import (
    Handle,
    TokenRequest,
    key_of,
    read_fields,
    read_handle,
)
from gateway.api.routing import ApiRouter
from gateway.api.token_reads import TokenCall
from gateway.asgi.calls import JSON_TYPE
from gateway.asgi.services import services_in
from gateway.errors import TABLE, Problem, ProblemRow
from gateway.model import Right
from gateway.tokens.grant_tokens import seconds_left
from gateway.tokens.stand_in_tokens import LIFETIME
from gateway.vault import audit

PATH = "/auth/o2/token"
# Whatever is refused below it is told in Login with Amazon's shape.
PREFIX = "/auth/o2/"
# The widespread libraries keep a token for 3,200 seconds, whatever `expires_in` says.
LEAST_LEFT = 3250
# RFC 6749, section 5.1.
HIDDEN_FROM_CACHES = {"Cache-Control": "no-store", "Pragma": "no-cache"}
TOKEN_TYPE = "bearer"  # noqa: S105 (no secret)
# What the gateway's reasons are called in Login with Amazon's words. Any other with a status of 4xx is an
# invalid_request under that status, 429 and 5xx are temporarily_unavailable.
ERRORS: Mapping[str, tuple[int, LwaError]] = {
    "unauthorized": (401, "invalid_client"),
    "key_lacks_right": (401, "invalid_client"),
    "not_found": (400, "invalid_grant"),
    "unknown_handle": (400, "invalid_grant"),
    "store_revoked": (400, "invalid_grant"),
    "grant_of_another_client": (400, "invalid_grant"),
    "tokens_damaged": (400, "invalid_grant"),
    "unsupported_grant_type": (400, "unsupported_grant_type"),
}
PRESENT_A_KEY = "Send an API key of this gateway as client_secret; no token or store is at fault."
# Seconds after which to ask again where nobody knows better: what passes by itself, and what somebody has to
# see to first.
SOON, LATER = 5, 60

router = ApiRouter("Shaped like Amazon", "For programs that are made for Amazon's own addresses")


def lwa_error(row: ProblemRow) -> tuple[int, LwaError]:
    """Return the status and the error that a failure has in Login with Amazon's words."""
    if row.reason in ERRORS:
        return ERRORS[row.reason]
    if row.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"
    if row.http_status == HTTPStatus.TOO_MANY_REQUESTS:
        return row.http_status, "temporarily_unavailable"
    return row.http_status, "invalid_request"


def told(problem: Problem, _request_id: str) -> Response:
    """Return the answer that tells a problem in Login with Amazon's shape."""
    status, error = lwa_error(problem.row)
    headers = {**HIDDEN_FROM_CACHES, **problem.headers, REASON_HEADER: problem.reason}
    if error == "temporarily_unavailable":
        headers.setdefault("Retry-After", str(SOON if problem.row.retryable else LATER))
    refusal = TokenRefusal(error=error, error_description=_description(problem))
    return Response(refusal.model_dump_json(), status, headers, JSON_TYPE)


def _description(problem: Problem) -> str:
    """Say in a line what went wrong and what to do, in the characters of RFC 6749, section 5.2."""
    link = problem.extra.get("authorizeUrl")
    remedy = f"To authorize it again, a person opens {link}" if link else _remedy(problem)
    text = f"{problem.reason}: {problem.message.rstrip('.')}. {remedy}".replace('"', "'").replace("\\", "/")
    return text.encode("ascii", "replace").decode()


def _remedy(problem: Problem) -> str:
    """Return what to do, where the key is not in its usual place."""
    return PRESENT_A_KEY if problem.reason == "unauthorized" else problem.hint


class LwaTokenEndpoint:
    """The endpoint. The API key is looked up in the statement that reads the tokens."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fields: dict[str, str] = {}
        try:
            fields = read_fields(await read_body(receive))
            handle = read_handle(fields)
        except Problem:
            # Who has no valid key learns nothing else.
            await _check_key(scope, fields)
            raise
        audit.concerns(handle.subject)
        answer = await _tokens(_call(scope, fields, "proxy" if handle.proxied else "tokens"), handle)
        body = answer.__pydantic_serializer__.to_json(answer)
        headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
            (b"pragma", b"no-cache"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _call(scope: Scope, fields: dict[str, str], *rights: Right) -> TokenCall:
    return TokenCall(scope, services_in(scope), rights, key_of(fields))


async def _check_key(scope: Scope, fields: dict[str, str]) -> None:
    """Look only whether the API key is valid, where there is one. Raise Problem where it is not."""
    if key_of(fields):
        await _call(scope, fields).check_key()


async def _tokens(call: TokenCall, handle: Handle) -> TokenAnswer:
    """Return the token that a handle stands for. Raise Problem."""
    if handle.seller_id is not None and handle.region is not None:
        read = await call.store(handle.seller_id, handle.region)
    else:
        read = await call.account(handle.record_id, handle.profile_id)
    services = call.services
    if handle.proxied:
        held = await call.usable(read)
        token = services.stand_in_tokens.issue(read.caller, held.grant, handle.profile_id)
        left = LIFETIME
    else:
        held = await call.fresh(read, LEAST_LEFT)
        token = held.tokens.access_token
        left = max(0, int(seconds_left(held.grant, services.clock.now())))
    return TokenAnswer.unchecked(
        access_token=token, refresh_token=handle.text, token_type=TOKEN_TYPE, expires_in=left
    )


router.add(
    Operation(
        method="POST",
        path=PATH,
        tag=router.tag,
        summary="Get an access token as from Login with Amazon",
        description=f"A token of Amazon's has at least {LEAST_LEFT} seconds left: it is refreshed first "
        "where it has less, once however many ask. With `proxy:` before the handle a stand-in token is "
        f"answered, for {LIFETIME} seconds, and nothing is asked of Amazon. The key is `client_secret`, and "
        "needs the right `tokens`, or `proxy`.",
        rights=(),
        key_needed=False,
        request=TokenRequest,
        request_types=("application/x-www-form-urlencoded", "application/json"),
        results={
            200: Result("Done. Never stored by caches.", TokenAnswer),
            400: Result("The request, its handle, or an authorization that has ended.", TokenRefusal),
            401: Result("The API key is not valid, or lacks the right.", TokenRefusal),
            403: Result("The host name, or the page it came from, is none of the gateway's.", TokenRefusal),
            413: Result(TABLE["body_too_large"].meaning, TokenRefusal),
            429: Result("Too many keys that are none, or Amazon wants a rest.", TokenRefusal),
            503: Result("The gateway, or Amazon, cannot answer now.", TokenRefusal),
        },
        errors=(),
        examples=(Example("A store", TokenRequest.example(), TokenAnswer.example()),),
    ),
    LwaTokenEndpoint(),
)
