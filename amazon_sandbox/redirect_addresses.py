"""Which redirect addresses an app may use, and how an answer is added to one."""

from urllib.parse import urlencode, urlsplit, urlunsplit

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(address: str) -> bool:
    """Tell whether this is a plain http or https address on this machine."""
    if not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK_NAMES and "@" not in parts.netloc


def is_registered(address: str, registered: list[str] | None) -> bool:
    """Tell whether an app may be answered at `address`; `registered` None stands for any loopback one."""
    return is_loopback(address) if registered is None else address in registered


def with_parameters(address: str, parameters: dict[str, str]) -> str:
    """Return the address with these parameters added to its query."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
