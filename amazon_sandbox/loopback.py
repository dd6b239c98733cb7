"""What counts as this machine: where the sandbox listens, who may speak to it, where browsers are sent."""

from urllib.parse import SplitResult, urlsplit

NAMES = ("127.0.0.1", "::1", "localhost")


def is_loopback_host(host: str) -> bool:
    """Tell whether a Host header names this machine, with or without a port."""
    parts = _split(f"//{host}")
    return parts is not None and parts.hostname in NAMES and parts.netloc == host and "@" not in host


def is_loopback_url(url: str) -> bool:
    """Tell whether this is a plain http or https address on this machine."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https"):
        return False
    return parts.hostname in NAMES and "@" not in parts.netloc


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL, None where it or its port is malformed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
