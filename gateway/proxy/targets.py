"""The path and query of a proxied call: checked in every form that a server might read them in.

A path is taken apart after decoding, so that what is refused is refused in each spelling. What is sent is the
path as it was given, with nothing but impossible characters encoded.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from gateway.errors import Problem
from gateway.util.text import has_hidden

LONGEST_PATH = 4 * 1024
LONGEST_QUERY = 16 * 1024
_SAFE_IN_PATH = "/%:@!$&'()*+,="
_SAFE_IN_QUERY = "/?:@!$&'()*+,;=%"
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Path:
    """A path that may be called. `sent`: as it goes to Amazon; `segments`: decoded."""

    sent: str
    segments: tuple[str, ...]


def check_path(path: str, prefixes: Sequence[str]) -> Path:
    """Return a path below one of `prefixes`. Raise Problem not_allowed (1005) for any other.

    Refused in each spelling: another host (`//host`, a scheme, a backslash), dot segments, empty segments,
    `;`, control and direction marks, escapes within escapes, a query or fragment. The first slash may be left
    out, as published skills do: `orders/v0/orders`. It is put there before anything is looked at, so that
    whatever stands in its place is a segment, and never part of a host.
    """
    if not path.startswith("/"):
        path = f"/{path}"
    if len(path) > LONGEST_PATH:
        raise _refused(f"it is longer than {LONGEST_PATH} characters")
    if "?" in path or "#" in path:
        raise _refused("a query belongs into queryString, and there is no fragment")
    decoded = _decoded(path)
    # Compatibility forms too: a full-width dot or slash must not become one on the way.
    for form in (decoded, unicodedata.normalize("NFKC", decoded)):
        _check_segments(form)
    # The prefix has to stand there as it is: nobody has a reason to encode it.
    if not any(_below(path, prefix) and _below(decoded, prefix) for prefix in prefixes):
        raise _refused("it is not among those that this gateway passes on")
    return Path(quote(path, safe=_SAFE_IN_PATH), tuple(decoded.strip("/").split("/")))


def check_query(query: str) -> str:
    """Return a query string without a leading `?`, else as it was given. Raise Problem bad_parameter."""
    query = query.removeprefix("?")
    if len(query) > LONGEST_QUERY:
        raise Problem("bad_parameter", f"queryString: it is longer than {LONGEST_QUERY} characters")
    if has_hidden(query) or "#" in query or _STRAY_PERCENT.search(query):
        raise Problem(
            "bad_parameter",
            "queryString: expected name=value&…, percent-encoded, without control characters or a fragment",
        )
    return quote(query, safe=_SAFE_IN_QUERY)


def _decoded(path: str) -> str:
    if has_hidden(path) or _STRAY_PERCENT.search(path):
        raise _refused("it holds control characters or an incomplete escape")
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise _refused("its escapes are not UTF-8") from None
    if has_hidden(decoded) or _ESCAPE.search(decoded):
        raise _refused("it holds encoded control characters, or escapes within escapes")
    return decoded


def _check_segments(path: str) -> None:
    if "\\" in path or ";" in path:
        raise _refused("it holds a backslash or a semicolon")
    *inner, last = path[1:].split("/")
    # One slash at the end is a matter of taste.
    if not all(inner) or not (inner or last):
        raise _refused("it holds an empty segment")
    if any(segment and not segment.strip(" .") for segment in (*inner, last)):
        raise _refused("it holds dot segments")


def _below(path: str, prefix: str) -> bool:
    prefix = prefix.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")


def _refused(why: str) -> Problem:
    return Problem("not_allowed", f"path: {why}")
