"""Requests with a bad API key, counted by where they come from: after so many a minute they have to wait.

A valid key works from there all the same. The counts are one process's own, and of bounded size.
"""

import ipaddress
from collections import OrderedDict

from gateway.util.clock import Clock

MOST_FAILURES = 30
WINDOW_SECONDS = 60
MOST_SOURCES = 10_000
IPV6_PREFIX = 64


class FailedKeys:
    """How often each source failed in its current minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def failed(self, source: str) -> int | None:
        """Count a failure; return the seconds to wait where there were too many, else None."""
        now = self._clock.now()
        began, count = self._failures.pop(source, (now, 0))
        if not began <= now < began + WINDOW_SECONDS:
            began, count = now, 0
        self._failures[source] = (began, count + 1)
        if len(self._failures) > MOST_SOURCES:
            self._failures.popitem(last=False)
        if count < MOST_FAILURES:
            return None
        return max(1, int(began + WINDOW_SECONDS - now))


def source_of(host: str | None) -> str:
    """Return what failures are counted by: the address, or an IPv6 network, which one household has whole."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)
