"""What is written down for the scripts, and where: variables in the environment and in `.env` files.

Their names, the first place that has them, and what an address of a gateway has to look like.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from linkfox_client.errors import ClientError
from linkfox_client.paths import BUNDLE, settings_folder

HOSTED_HOST = "tool-gateway.linkfox.com"
HOSTED = f"https://{HOSTED_HOST}"
LOCAL_KEY_PREFIX = "lfx_local_"
# The current name first, then the older ones.
KEY_NAMES = ("LINKFOX_AGENT_API_KEY", "LINKFOXAGENT_API_KEY")
GATEWAY_NAMES = ("LINKFOX_TOOL_GATEWAY", "STORE_API_BASE_URL", "SPAPI_BASE_URL", "AMAZON_ADS_BASE_URL")
# What is said of the gateway on this machine.
LOCAL_NAMES = ("GATEWAY_DATA_DIR", "AMAZON_ORIGIN", "LINKFOX_AUTOSTART")
FEEDBACK_NAME = "LINKFOX_FEEDBACK"


class Place(NamedTuple):
    """Somewhere that settings are written: its name for people, and what it holds."""

    name: str
    values: Mapping[str, str | None]

    def first(self, names: Iterable[str]) -> tuple[str, str] | None:
        """Return the first of these variables that has a value here: its name and the trimmed value."""
        for name in names:
            value = (self.values.get(name) or "").strip()
            if value:
                return name, value
        return None


def places(environ: Mapping[str, str], folders: Iterable[Path] | None = None) -> Iterable[Place]:
    """Return where settings may be, the first to win first.

    The environment, then the `.env` files that exist.
    """
    yield Place("environment", environ)
    for folder in default_folders() if folders is None else folders:
        path = folder / ".env"
        if path.is_file():
            yield Place(str(path), _read_env(path))


def read(environ: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return those of the variables that are set, each from the first place that has it.

    Raises:
        ClientError: `not_set_up` for a file that cannot be read.
    """
    given: dict[str, str] = {}
    for place in places(environ):
        for name in names:
            found = place.first([name])
            if found is not None:
                given.setdefault(name, found[1])
    return given


def default_folders() -> list[Path]:
    """Return the folders whose `.env` is read; never the working directory, which may be somebody else's."""
    try:
        return [BUNDLE, settings_folder()]
    except RuntimeError:  # no home at all
        return [BUNDLE]


def checked_gateway(address: str, source: str) -> str:
    """Return a gateway's address in its plain form, without a final slash.

    It has to be https, or http on loopback, with no user, query or fragment. Raise ClientError
    (`not_set_up`) that names `source`, not the address, which may hold a password.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad_gateway(source, "cannot be parsed") from None
    if not address.isascii() or not address.isprintable() or set(address) & set(" \\"):
        raise _bad_gateway(source, "holds characters that no address has")
    if parts.scheme not in ("http", "https") or not host:
        raise _bad_gateway(source, "is not an http address")
    if "@" in parts.netloc:
        raise _bad_gateway(source, "holds a user name or password")
    if parts.query or parts.fragment or address.endswith(("?", "#")):
        raise _bad_gateway(source, "holds a query or a fragment")
    if parts.scheme == "http" and not is_loopback(host.removesuffix(".")):
        raise _bad_gateway(source, "is plain http, which is allowed on loopback only")
    # With its final dot a name is the same server's, but would be another origin (RFC 3986, 3.2.2).
    host = host.removesuffix(".")
    if not all(host.split(".")) or "%" in host:
        raise _bad_gateway(source, "names no host")
    name = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    where = name if port in (None, default) else f"{name}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def origin_of(gateway: str) -> str:
    """Return scheme, host and port of a checked address."""
    parts = urlsplit(gateway)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is `localhost` or an address of the loopback interface."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_place(one: str, other: str) -> bool:
    """Tell whether two addresses are one server's: the same origin, or the same port of loopback."""
    parts = [urlsplit(address) for address in (one, other)]
    loopback = all(is_loopback(part.hostname or "") for part in parts)
    return origin_of(one) == origin_of(other) or (loopback and parts[0].port == parts[1].port)


def _read_env(path: Path) -> Mapping[str, str | None]:
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8"
        raise ClientError(
            "not_set_up", f"{path} cannot be read: {reason}", "Make it readable, or remove it."
        ) from None


def _bad_gateway(source: str, why: str) -> ClientError:
    return ClientError(
        "not_set_up",
        f"The gateway's address in {source} {why}",
        "Give the gateway's origin: https://HOST, or http://127.0.0.1:PORT for one on this machine.",
    )
