"""The limit on a request's body."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.asgi.request_context import context_of, header_values
from gateway.errors import Problem
from gateway.model import Flow
from gateway.settings.settings import Settings

# Where a call carries a whole document for Amazon.
PROXY_PATHS: dict[Flow, str] = {"spapi": "/spApi/developerProxy", "ads": "/amazonAds/developerProxy"}
# Below these is Amazon's API itself, at another address.
AMAZON_ADDRESSES: dict[Flow, str] = {"spapi": "/spapi/", "ads": "/ads/"}


class BodyLimit:
    """Refuses a body that is too large, as soon as that shows."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._largest = settings.largest_body
        self._largest_for_amazon = settings.proxy_largest_request
        self._for_amazon = (*PROXY_PATHS.values(), *AMAZON_ADDRESSES.values())

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request. Raise Problem body_too_large, also later, from `receive`."""
        for_amazon = scope["path"].startswith(self._for_amazon)
        largest = self._largest_for_amazon if for_amazon else self._largest
        lengths = header_values(scope, b"content-length")
        if lengths and lengths[0].isdigit():
            if int(lengths[0]) > largest:
                raise Problem("body_too_large")
            # The server reads no more than was said.
            return self._app(scope, receive, send)
        received = 0

        async def receive_limited() -> Message:
            # Counted as it comes, since not every body says its length beforehand.
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                context_of(scope).body_ended = not message.get("more_body", False)
                raise Problem("body_too_large")
            return message

        return self._app(scope, receive_limited, send)
