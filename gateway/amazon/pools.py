"""The connections to Amazon that are kept, by host: by which proxy, and with which certificates trusted."""

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from certifi import where
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool

from gateway.amazon.deadline import keeps_deadlines
from gateway.util.certificates import trusted_certificates

# Pools of connections: one for each host, of which Amazon has fewer than these.
HOSTS = 16


class Pools:
    """Connections by host. `from_environment`: proxies and certificates are what the environment says.

    A proxy of the environment would catch loopback, where whatever stands in for Amazon is.
    """

    def __init__(
        self, address: Callable[[str, str], str], connections: int, *, from_environment: bool
    ) -> None:
        self._address = address
        self._adapter = HTTPAdapter(pool_connections=HOSTS, pool_maxsize=connections)
        self._from_environment = from_environment
        self._known: dict[str, tuple[HTTPConnectionPool, str]] = {}

    def of(self, host: str) -> tuple[HTTPConnectionPool, str]:
        """Return the connections that lead to a host of Amazon's, and what each target begins with there."""
        known = self._known.get(host)
        if known is None:
            known = self._known[host] = self._find(host)
        return known

    def close(self) -> None:
        """Close all connections that nobody is using."""
        for pool, _ in self._known.values():
            pool.close()
        self._known.clear()
        self._adapter.close()

    def _find(self, host: str) -> tuple[HTTPConnectionPool, str]:
        address = self._address(host, "/")
        with requests.Session() as session:
            session.trust_env = self._from_environment
            options: Any = session.merge_environment_settings(address, {}, True, None, None)
        verify = trusted_certificates(os.environ) if self._from_environment else True
        pool = self._adapter.get_connection_with_tls_context(
            requests.Request("GET", address).prepare(),
            verify=where() if verify is True else verify,
            proxies=options["proxies"],
        )
        return keeps_deadlines(pool), urlsplit(address).path.removesuffix("/")
