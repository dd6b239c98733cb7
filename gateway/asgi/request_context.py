"""What is known of the request that is being answered, for the middlewares, the log and the audit."""

import random
from collections.abc import Awaitable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.monitoring import logs
from gateway.vault.audit import OK, AuditContext, follow

_KEY = "linkfox.request"


@dataclass(slots=True)
class RequestContext:
    """One request.

    `headers`: by name; of several with one name the last. `body_ended`: nothing follows of a body that is too
    large. `status`: of the answer, 0 before it has begun. `outcome`: `ok`, or what went wrong.
    """

    request_id: str
    audit: AuditContext
    headers: dict[bytes, bytes]
    body_ended: bool = False
    status: int = 0
    outcome: str = OK


class RequestContexts:
    """Gives each request a context. The outermost middleware; what is no request stays outside the others."""

    def __init__(self, app: ASGIApp, outside: ASGIApp) -> None:
        """`outside`: what takes everything that is no request, such as the start and the end."""
        self._app = app
        self._outside = outside

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request."""
        if scope["type"] != "http":
            return self._outside(scope, receive, send)
        # Only has to differ from all others: the system's own randomness is a call of the kernel each time.
        request_id = f"{random.getrandbits(64):016x}"
        context = RequestContext(request_id, AuditContext(request_id), dict(scope["headers"]))
        scope[_KEY] = context
        follow(context.audit)
        logs.in_request(request_id)
        return self._app(scope, receive, send)


def context_of(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return the context of a request."""
    context: RequestContext = scope[_KEY]
    return context


def route_of(scope: MutableMapping[str, Any]) -> str:
    """Return the pattern of the request's route, `-` where there is none.

    Never the path: what somebody typed into an address may be anything.
    """
    return str(getattr(scope.get("route"), "path", "-"))


def header_values(scope: MutableMapping[str, Any], name: bytes) -> list[str]:
    """Return the values of a request's header. `name` is in lower case, as ASGI has it."""
    headers = context_of(scope).headers
    if name not in headers:
        return []
    if len(headers) == len(scope["headers"]):
        return [headers[name].decode("latin-1")]
    return [value.decode("latin-1") for given, value in scope["headers"] if given == name]
