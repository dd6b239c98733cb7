"""The headers that every answer carries: its request's id, and what keeps it out of caches and frames."""

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


class AnswerHeaders:
    """Adds the headers, each unless the answer has one of that name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        request_id = (b"x-request-id", context_of(scope).request_id.encode())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                own = {name for name, _ in headers}
                headers.append(request_id)
                headers += [header for header in _SECURITY_HEADERS if header[0] not in own]
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_with_headers)
