"""The kinds of values that are addresses; each is called as those in `kinds.py` are."""

import ipaddress
import re
from contextlib import suppress
from urllib.parse import urlsplit

from gateway.settings.secret_kinds import SecretText
from gateway.settings.values import SettingsError, Values
from gateway.util.loopback import is_loopback
from gateway.util.secret import Secret

# What a name of all names below another one begins with.
ANY_OF = "*."
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)
OWN_PORTS = {"https": ":443", "http": ":80"}


def origin(values: Values, name: str) -> str | None:
    """Return `scheme://host[:port]`: https, or plain http on loopback; nothing after it."""
    return _origin(name, values.text(name), loopback_only=False)


def origins(values: Values, name: str) -> tuple[str, ...] | None:
    """Return origins as `origin`, which are separated by commas or spaces, as browsers write them.

    Those leave the scheme's own port out (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin).
    """
    text = values.text(name)
    if text is None:
        return None
    given = text.replace(",", " ").split()
    if "*" in text:
        raise SettingsError(
            f"{name} holds a wildcard; expected whole origins such as https://app.example.com",
            "Name each origin by itself.",
        )
    found = (_origin(name, one, loopback_only=False) for one in given)
    return tuple(_without_own_port(one) for one in found if one)


def _without_own_port(origin: str) -> str:
    scheme, _, netloc = origin.partition("://")
    return f"{scheme}://{netloc.removesuffix(OWN_PORTS[scheme])}"


def loopback_origin(values: Values, name: str) -> str | None:
    """Return an origin on this machine."""
    return _origin(name, values.text(name), loopback_only=True)


def _origin(name: str, text: str | None, *, loopback_only: bool) -> str | None:
    if text is None:
        return None
    expected = "http://127.0.0.1:PORT" if loopback_only else "https://HOST, or http:// on loopback"
    problem = SettingsError(
        f"{name} is not an origin that can be used; expected {expected}, without a path", "Correct it."
    )
    host, netloc, scheme, rest = _split(text, problem)
    if rest.strip("/") or "@" in netloc:
        raise problem
    if (loopback_only or scheme == "http") and not is_loopback(host):
        raise problem
    return f"{scheme}://{netloc.lower()}"


def web_address(values: Values, name: str) -> str | None:
    """Return an address to send to: https, or plain http on loopback."""
    problem = SettingsError(
        f"{name} is no address that can be sent to; expected https://HOST/PATH, or http:// on loopback",
        "Correct it.",
    )
    return _address(values.text(name), problem)


def redirect_uri(values: Values, name: str) -> str | None:
    """Return a registered redirect address, exactly as it is written: Amazon compares it as text."""
    problem = SettingsError(
        f"{name} is not an address that Amazon redirects to; expected https://HOST/PATH, or http:// on "
        "loopback, without a fragment",
        "Copy it from the developer console.",
    )
    return _address(values.text(name), problem)


def _address(text: str | None, problem: SettingsError) -> str | None:
    if text is None:
        return None
    host, netloc, scheme, _ = _split(text, problem)
    if "#" in text or "@" in netloc or " " in text or (scheme == "http" and not is_loopback(host)):
        raise problem
    return text


def networks(values: Values, name: str) -> tuple[str, ...] | None:
    """Return addresses and networks, which are separated by commas or spaces."""
    text = values.text(name)
    if text is None:
        return None
    given = tuple(text.replace(",", " ").split())
    for one in given:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise SettingsError(
                f"{name} holds something that is neither an address nor a network; expected "
                "10.0.0.5,10.1.0.0/16",
                "Name the proxies by their addresses.",
            ) from None
    return given


def host_names(values: Values, name: str) -> tuple[str, ...] | None:
    """Return names and addresses of hosts, separated by commas or spaces, as Host headers have them.

    `*.example.com` stands for every name below `example.com`.
    """
    text = values.text(name)
    if text is None:
        return None
    return tuple(_host_name(name, one) for one in text.replace(",", " ").split())


def _host_name(name: str, given: str) -> str:
    with suppress(ValueError):
        return str(ipaddress.ip_address(given.strip("[]")))
    beginning = ANY_OF if given.startswith(ANY_OF) else ""
    try:
        # Host headers hold names in ASCII (RFC 5891): 店铺.example is xn--….
        plain = given.removeprefix(ANY_OF).encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        plain = ""
    if not HOST_NAME.fullmatch(plain):
        raise SettingsError(
            f"{name} holds something that is no name of a host; expected names without scheme and port, "
            "such as gateway.internal,*.svc.cluster.local",
            "Correct it.",
        )
    return beginning + plain


def postgresql_url(text: str, name: str, *, password_allowed: bool = True) -> Secret:
    """Return the address of a PostgreSQL in the form that the vault takes. Raise SettingsError.

    `name`: what it is called in the message.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise SettingsError(
            f"{name} is not the address of a PostgreSQL; expected postgresql:// and what follows",
            "Write it as postgresql://USER@HOST/DATABASE.",
        )
    # Up to the last @, since a password may hold what would otherwise end it.
    _, _, password = rest.rpartition("@")[0].partition(":")
    if not password_allowed and (password or "password=" in rest):
        raise SettingsError(
            f"{name} holds a password, which others on this machine could see on the command line",
            "Put it into ~/.pgpass or PGPASSWORD, or the whole address into GATEWAY_DATABASE_URL.",
        )
    return Secret(f"postgresql+psycopg://{rest}")


# The address of a PostgreSQL, which may hold a password.
database_url = SecretText(postgresql_url)


def _split(text: str, problem: SettingsError) -> tuple[str, str, str, str]:
    """Split an http(s) address into host, netloc, scheme and the rest; raise `problem` where it is none."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in {"http", "https"} or not host or not parts.netloc.isascii() or " " in parts.netloc:
        raise problem
    rest = text.split("://", 1)[1][len(parts.netloc) :]
    return host, parts.netloc, parts.scheme, rest
