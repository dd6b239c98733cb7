"""The host check against DNS rebinding: a name that somebody else's DNS points here gets nothing."""

import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.request_context import header_values
from gateway.errors import Problem
from gateway.settings.settings import Settings
from gateway.util.loopback import is_loopback

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)


class HostCheck:
    """Refuses host names other than loopback's and those of the gateway's own addresses."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        addresses = (
            # Where it listens, too: its own machine's scripts, and a load balancer's checks, use that.
            *(settings.public_url, settings.origin),
            *(settings.redirect_uri("spapi"), settings.redirect_uri("ads")),
        )
        self._hosts = {urlsplit(address).hostname for address in addresses}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request. Raise Problem host_not_allowed."""
        hosts = header_values(scope, b"host")
        host = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        name = host["name"].strip("[]").lower() if host else None
        if not (name in self._hosts or is_loopback(name)):
            raise Problem("host_not_allowed")
        await self._app(scope, receive, send)
