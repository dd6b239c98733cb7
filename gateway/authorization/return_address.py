"""Where a web application has its customer sent back to after a consent.

An address that anybody may choose would make the gateway an open redirect (RFC 9700, section 4.11.1): so only
the operator's origins are taken (`GATEWAY_RETURN_ORIGINS`), compared as text before anything is read into an
address, and what is redirected to is what was checked then.
"""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit

from gateway.authorization.attempt_state import State
from gateway.errors import Problem
from gateway.model import Attempt
from gateway.util.text import has_hidden

LONGEST_RETURN_URL = 2048
LONGEST_EXTERNAL_ID = 100
# What the redirect adds: of two values an application might believe the one that came with the address.
ADDED = ("authorizationId", "state", "externalId", "reason", "alreadyKnown")
# Without blanks, quotes, backslashes and whatever else browsers, proxies and libraries read in two ways.
ADDRESS = re.compile(r"(https?://[^/?#\\]+)([/?][A-Za-z0-9/?:@!$&'()*+,;=._~%-]*)?", re.ASCII)


def read_return_url(text: str) -> str:
    """Return an address that has the shape of one to return to, else ValueError in words."""
    if len(text) > LONGEST_RETURN_URL:
        raise ValueError(f"it is longer than {LONGEST_RETURN_URL} characters")
    if "#" in text:
        raise ValueError("expected an address without a fragment (#)")
    parts = ADDRESS.fullmatch(text)
    if parts is None or not parts[1].isascii():
        raise ValueError(
            "expected https://HOST/PATH, or http:// on loopback, in ASCII, with everything else "
            "percent-encoded, and a host's name in its xn-- form"
        )
    names = {name for name, _ in parse_qsl(urlsplit(text).query, keep_blank_values=True)}
    taken = next((name for name in ADDED if name in names), None)
    if taken is not None:
        raise ValueError(f"its query has {taken} already, which the gateway adds")
    return text


def read_external_id(text: str) -> str:
    """Return an application's own id of a customer, exactly as it is, else ValueError in words."""
    if not 1 <= len(text) <= LONGEST_EXTERNAL_ID or has_hidden(text):
        raise ValueError(f"expected 1 to {LONGEST_EXTERNAL_ID} characters without control or direction marks")
    return text


def check_origin(return_url: str, origins: Collection[str]) -> None:
    """Refuse an address whose origin is none of the operator's. Raise Problem bad_parameter.

    `return_url`: of the shape that `read_return_url` has checked.
    """
    if not origins:
        raise Problem(
            "bad_parameter",
            "returnUrl: this gateway sends nobody back; its operator names the application's origin in "
            "GATEWAY_RETURN_ORIGINS and restarts it",
        )
    if origin_of(return_url) not in origins:
        raise Problem(
            "bad_parameter",
            "returnUrl: its origin is not in GATEWAY_RETURN_ORIGINS; expected one that stands there, letter "
            "by letter: scheme, host in lower case, and the port unless it is the scheme's own",
        )


def origin_of(return_url: str) -> str:
    """Return the scheme, host and port of a checked address, as they stand there."""
    parts = ADDRESS.fullmatch(return_url)
    assert parts is not None, "only checked addresses are kept"
    return parts[1]


def host_of(return_url: str) -> str:
    """Return the host and port of a checked address, for people."""
    return origin_of(return_url).partition("://")[2]


def address_of_return(attempt: Attempt, state: State, reason: str | None) -> str:
    """Return the address that an attempt's browser goes to: as it was given, with how it ended.

    `reason`: a row of references/errors.json, where it did not succeed. Nothing of it is secret.
    """
    assert attempt.return_url is not None, "somebody gave an address"
    values = {
        "authorizationId": attempt.id,
        "state": state,
        "externalId": attempt.external_id,
        "reason": reason,
        "alreadyKnown": "true" if state == "authorized" and attempt.known_before else None,
    }
    added = urlencode({name: value for name, value in values.items() if value is not None})
    joint = "" if attempt.return_url.endswith(("?", "&")) else "&" if "?" in attempt.return_url else "?"
    return f"{attempt.return_url}{joint}{added}"
