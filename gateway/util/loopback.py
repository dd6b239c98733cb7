"""What names and addresses mean this machine, and which mean each address of it."""

import ipaddress

LOOPBACK_V4 = "127.0.0.1"
LOOPBACK_V6 = "::1"
LOOPBACK_NAMES = frozenset({"localhost", LOOPBACK_V4, LOOPBACK_V6})
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


def is_loopback(host: str | None) -> bool:
    """Return whether a host name or address is this machine's own."""
    if not host:
        return False
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
