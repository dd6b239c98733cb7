"""The host check against DNS rebinding: a name that somebody else's DNS points here gets nothing."""

import re
from collections.abc import Awaitable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.request_context import header_values
from gateway.errors import Problem
from gateway.settings.settings import Settings
from gateway.util.loopback import is_loopback

# Most requests name one of a few hosts: to have looked at one of those once is enough.
REMEMBERED = 64
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)
# python-amazon-sp-api sends as Host what follows the eighth character of the address that it calls. It says
# nothing of where the request was sent, and comes from no browser: those send no path there (RFC 9110, 7.2).
HOST_WITH_PATH = re.compile(r"[A-Za-z0-9._:\[\]-]+/(spapi|ads)/(na|eu|fe)/?", re.ASCII)


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
        self._allows = lru_cache(REMEMBERED)(self._looked_at)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request. Raise Problem host_not_allowed."""
        hosts = header_values(scope, b"host")
        if len(hosts) != 1 or not self._allows(hosts[0]):
            raise Problem("host_not_allowed")
        return self._app(scope, receive, send)

    def _looked_at(self, host: str) -> bool:
        """Tell whether a host, with its port or without, is one to answer to."""
        if HOST_WITH_PATH.fullmatch(host):
            return True
        found = HOST.fullmatch(host)
        name = found["name"].strip("[]").lower() if found else None
        return name in self._hosts or is_loopback(name)
