"""What is known of the request that is being answered, for the middlewares, the log and the audit."""

import random
from collections.abc import Awaitable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.util import trace_context
from gateway.util.trace_context import TraceContext
from gateway.vault.audit import OK, AuditContext, follow

_KEY = "linkfox.request"


@dataclass(slots=True)
class RequestContext:
    """One request.

    `trace`: the trace that it belongs to, in which its own span has its id. `headers`: by name; of several
    with one name the last. `body_ended`: nothing follows of a body that is too
    large. `status`: of the answer, 0 before it has begun. `outcome`: `ok`, or what went wrong.
    """

    request_id: str
    trace: TraceContext
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
        request_id = f"{random.getrandbits(64) or 1:016x}"
        headers = dict(scope["headers"])
        trace = trace_context.begun(request_id, _only(scope, headers, b"traceparent"))
        context = RequestContext(request_id, trace, AuditContext(request_id), headers)
        scope[_KEY] = context
        follow(context.audit)
        trace_context.follow(trace)
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


def _only(scope: Scope, headers: dict[bytes, bytes], name: bytes) -> bytes | None:
    """Return the value of a header that was sent once; None where it was sent not at all, or more often."""
    if name not in headers:
        return None
    once = len(headers) == len(scope["headers"]) or sum(given == name for given, _ in scope["headers"]) == 1
    return headers[name] if once else None


def header_values(scope: MutableMapping[str, Any], name: bytes) -> list[str]:
    """Return the values of a request's header. `name` is in lower case, as ASGI has it."""
    headers = context_of(scope).headers
    if name not in headers:
        return []
    if len(headers) == len(scope["headers"]):
        return [headers[name].decode("latin-1")]
    return [value.decode("latin-1") for given, value in scope["headers"] if given == name]
