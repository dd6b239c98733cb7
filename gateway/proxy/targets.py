r"""The path and query of a proxied call: checked in every form that a server might read them in.

A path is split at its slashes as it is sent, and each segment decoded after. So `%2F`, `%5C`, `%3B` and `%25`
are part of a value, such as a SKU `A//B;C\D%41`: as RFC 3986 (section 2.4) wants it, and as Amazon reads it.
For servers in between that read it otherwise, each segment is also decoded again and again, its compatibility
forms are looked at, and it is split at whatever might separate segments: in none of that may it lead upwards.
What is sent is the path as it was given, with nothing but impossible characters encoded.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, unquote_to_bytes

from gateway.errors import Problem
from gateway.proxy.spapi_operations import RESTRICTED_DATA_TOKEN
from gateway.util.text import has_hidden

MADE_BY_THE_GATEWAY = (
    "the gateway answers no restricted data token: leave this call out, and name the data with the one that "
    "is to answer them, in restricted (developerProxy) or X-Restricted-Data, by a key with the right personal"
)
NOT_PASSED_ON = "it is not among those that this gateway passes on"
LONGEST_PATH = 4 * 1024
LONGEST_QUERY = 16 * 1024
_SAFE_IN_PATH = "/%:@!$&'()*+,="
_SAFE_IN_QUERY = "/?:@!$&'()*+,;=%"
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
# What a lenient server may take for the end of a segment, or for the beginning of its parameters.
_SEPARATOR = re.compile(r"[/\\;]")
# Bytes that stand for a character in more of them than UTF-8 allows, such as c0 ae for a dot (RFC 3629).
_OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")
_MOST_DECODINGS = 4
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Path:
    """A path that may be called. `sent`: as it goes to Amazon; `segments`: decoded."""

    sent: str
    segments: tuple[str, ...]


def check_path(path: str, prefixes: tuple[str, ...]) -> Path:
    """Return a path below one of `prefixes`. Raise Problem not_allowed (1005) for any other.

    Refused in each spelling: another host (`//host`, a scheme, a backslash), dot segments, empty segments,
    a bare `;`, control and direction marks, a query or fragment. The first slash may be left out, as
    published skills do: `orders/v0/orders`. It is put there before anything is looked at, so that whatever
    stands in its place is a segment, and never part of a host.
    """
    if not path.startswith("/"):
        path = f"/{path}"
    if len(path) > LONGEST_PATH:
        raise _refused(f"it is longer than {LONGEST_PATH} characters")
    if "?" in path or "#" in path:
        raise _refused("a query belongs into queryString, and there is no fragment")
    if "\\" in path or ";" in path:
        raise _refused("it holds a bare backslash or semicolon; inside a value they are sent as %5C and %3B")
    *inner, last = path[1:].split("/")
    # One slash at the end is a matter of taste.
    sent = [*inner, last] if last else inner
    if not sent or not all(sent):
        raise _refused("it holds an empty segment")
    segments = tuple(_decoded(segment) for segment in sent)
    # The prefix has to stand there as it is: nobody has a reason to encode it.
    if not f"{path}/".startswith(_beginnings(prefixes)):
        # Client libraries ask for such a token by themselves.
        raise _refused(MADE_BY_THE_GATEWAY if segments == RESTRICTED_DATA_TOKEN[1] else NOT_PASSED_ON)
    return Path(quote(path, safe=_SAFE_IN_PATH), segments)


def check_query(query: str, name: str = "queryString") -> str:
    """Return a query string without a leading `?`, else as it was given. Raise Problem bad_parameter.

    `name`: what the caller knows it as.
    """
    query = query.removeprefix("?")
    if len(query) > LONGEST_QUERY:
        raise Problem("bad_parameter", f"{name}: it is longer than {LONGEST_QUERY} characters")
    if has_hidden(query) or "#" in query or _STRAY_PERCENT.search(query):
        raise Problem(
            "bad_parameter",
            f"{name}: expected name=value&…, percent-encoded, without control characters or a fragment",
        )
    return quote(query, safe=_SAFE_IN_QUERY)


def _decoded(segment: str) -> str:
    """Return a segment's value. Raise Problem not_allowed where another reading of it leads elsewhere."""
    if has_hidden(segment) or _STRAY_PERCENT.search(segment):
        raise _refused("it holds control characters or an incomplete escape")
    try:
        value = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise _refused("its escapes are not UTF-8") from None
    for reading in _readings(value):
        if has_hidden(reading):
            raise _refused("it holds encoded control characters")
        _check_parts(_SEPARATOR.split(reading))
        if not reading.isascii():
            # Compatibility forms too: a full-width dot or slash must not become one on the way.
            _check_parts(_SEPARATOR.split(unicodedata.normalize("NFKC", reading)))
    return value


def _readings(value: str) -> Iterator[str]:
    """Return a value, and what comes of it where it is decoded once more, until nothing is left to decode."""
    yield value
    for _ in range(_MOST_DECODINGS):
        if not _ESCAPE.search(value):
            return
        decoded = unquote_to_bytes(value)
        if _OVERLONG.search(decoded):
            raise _refused("it holds escapes that are not UTF-8 within escapes")
        value = decoded.decode(errors="replace")
        yield value
    raise _refused("it holds too many escapes within escapes")


def _check_parts(parts: Sequence[str]) -> None:
    """Check what a segment might be taken for: several, some of them dots, or none at all."""
    if not any(parts):
        raise _refused("it holds an empty segment")
    if any(part and not part.strip(" .") for part in parts):
        raise _refused("it holds dot segments")


@cache
def _beginnings(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a path that is one of the prefixes, or below it, begins with once a slash is added."""
    return tuple(f"{prefix.rstrip('/')}/" for prefix in prefixes)


def _refused(why: str) -> Problem:
    return Problem("not_allowed", f"path: {why}")
