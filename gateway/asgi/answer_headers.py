"""The headers that every answer carries: its request's id, and what keeps it out of caches and frames."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.asgi.request_context import context_of

# Pages send their own policy, which allows them their stylesheet.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_SECURITY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_SECURITY_NAMES = frozenset(name for name, _ in _SECURITY_HEADERS)


class AnswerHeaders:
    """Adds the headers, each unless the answer has one of that name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request."""
        request_id = (b"x-request-id", context_of(scope).request_id.encode())

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                own = message.get("headers", ())
                names = dict(own).keys()
                if names.isdisjoint(_SECURITY_NAMES):
                    message["headers"] = [*own, request_id, *_SECURITY_HEADERS]
                else:
                    added = (header for header in _SECURITY_HEADERS if header[0] not in names)
                    message["headers"] = [*own, request_id, *added]
            return send(message)

        return self._app(scope, receive, send_with_headers)
