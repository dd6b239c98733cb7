"""The origin check against pages of other sites, which make a browser send requests here."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.request_context import header_values
from gateway.errors import Problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheck:
    """Refuses what a page of another site makes a browser send; programs send no Origin."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._public_url = public_url

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request, whose host is checked. Raise Problem origin_not_allowed."""
        if scope["method"] not in SAFE_METHODS:
            origins = header_values(scope, b"origin")
            # The scheme is not compared: it is another one behind a proxy that ends TLS.
            names = [origin.partition("://")[2] for origin in origins]
            if origins and origins != [self._public_url] and names != header_values(scope, b"host"):
                raise Problem("origin_not_allowed")
        return self._app(scope, receive, send)
