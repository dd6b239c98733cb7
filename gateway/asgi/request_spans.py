"""A span for each request, of the trace that its caller may have begun; only in a gateway that is traced."""

from http import HTTPMethod, HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.request_context import context_of, route_of
from gateway.util import tracing

METHODS = frozenset(HTTPMethod)


class RequestSpans:
    """Lets all that becomes of a request be a part of its span."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        context = context_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        about = {"http.request.method": method}
        with tracing.span(method, about, kind="server", trace=context.trace) as span:
            try:
                await self._app(scope, receive, send)
            finally:
                route = route_of(scope)
                span.rename(f"{method} {route}")
                span.set({"http.route": route, "http.response.status_code": context.status})
                if context.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    span.fail(str(context.status))
