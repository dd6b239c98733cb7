"""The host check against DNS rebinding: a name that somebody else's DNS points here gets nothing."""

import ipaddress
import re
from collections.abc import Awaitable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.asgi.request_context import header_values
from gateway.errors import Problem
from gateway.settings.addresses import ANY_OF
from gateway.settings.settings import Settings
from gateway.util.loopback import is_loopback

# Most requests name one of a few hosts: to have looked at one of those once is enough.
REMEMBERED = 64
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)
# python-amazon-sp-api sends as Host what follows the eighth character of the address that it calls. It says
# nothing of where the request was sent, and comes from no browser: those send no path there (RFC 9110, 7.2).
HOST_WITH_PATH = re.compile(r"[A-Za-z0-9._:\[\]-]+/(spapi|ads)/(na|eu|fe)/?", re.ASCII)


# Whoever asks these names whatever it reaches the gateway by, such as a container's own address.
PROBES = frozenset({"/healthz", "/readyz"})


class HostCheck:
    """Refuses host names other than loopback's, those of the gateway's own addresses, and the allowed ones.

    The number that a connection came in at is one of its own, too, as a Prometheus calls a container: no DNS
    stands behind it. The probes answer to any: they tell nobody anything secret.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        addresses = (
            # Where it listens, too: its own machine's scripts, and a load balancer's checks, use that.
            *(settings.public_url, settings.origin),
            *(settings.redirect_uri("spapi"), settings.redirect_uri("ads")),
        )
        own = {host_name(urlsplit(address).netloc) for address in addresses}
        self._hosts = own.union(host for host in settings.allowed_hosts if not host.startswith(ANY_OF))
        self._endings = tuple(host[1:] for host in settings.allowed_hosts if host.startswith(ANY_OF))
        self._allows = lru_cache(REMEMBERED)(self._looked_at)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request. Raise Problem host_not_allowed."""
        if scope["path"] not in PROBES:
            hosts = header_values(scope, b"host")
            if len(hosts) != 1 or not (self._allows(hosts[0]) or _is_own_number(scope, hosts[0])):
                raise Problem("host_not_allowed")
        return self._app(scope, receive, send)

    def _looked_at(self, host: str) -> bool:
        """Tell whether a host, with its port or without, is one to answer to."""
        if HOST_WITH_PATH.fullmatch(host):
            return True
        name = host_name(host)
        return name is not None and (name in self._hosts or name.endswith(self._endings) or is_loopback(name))


def _is_own_number(scope: Scope, host: str) -> bool:
    """Tell whether a host is the IP address of this machine that the connection was made to."""
    server = scope.get("server")
    return server is not None and host_name(host) == server[0]


def host_name(host: str) -> str | None:
    """Return the name in a Host header, in lower case, without port and the root's dot.

    An address of IPv6 is without its brackets, in its shortest form. None where it holds anything else, such
    as a user.
    """
    found = HOST.fullmatch(host)
    if found is None:
        return None
    name = found["name"]
    if name.startswith("["):
        try:
            return str(ipaddress.ip_address(name[1:-1]))
        except ValueError:
            return None
    return name.lower().removesuffix(".")
