"""What is kept of each request: a line in the log, the metrics, and for calls the entry in the audit.

Without the query string: that is where authorization codes are.
"""

import logging
import time
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.asgi.request_context import context_of, route_of
from gateway.util import counters, events
from gateway.vault.audit import Audit

log = logging.getLogger(__name__)


class RequestLog:
    """Records what becomes of each request."""

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        context = context_of(scope)
        began = time.perf_counter()
        recorded = False

        def send_and_record(message: Message) -> Awaitable[None]:
            nonlocal recorded
            if message["type"] == "http.response.start":
                # An HTTPStatus would be written by the slow way for what is no plain number.
                context.status = int(message["status"])
            elif not recorded and not message.get("more_body", False):
                # Before the answer is whole, so that whoever has the answer finds the entry.
                recorded = True
                self._audit.record_call(context.audit, route_of(scope), context.outcome)
            return send(message)

        try:
            await self._app(scope, receive, send_and_record)
        finally:
            route = route_of(scope)
            if not recorded:
                self._audit.record_call(context.audit, route, context.outcome)
            seconds = time.perf_counter() - began
            counters.request_answered(route, context.status, seconds)
            client = scope.get("client")
            events.info(
                log,
                "request",
                method=scope["method"],
                route=route,
                status=context.status,
                seconds=round(seconds, 4),
                user=context.audit.who,
                keyId=context.audit.key_id,
                address=client[0] if client else None,
            )
