"""What is asked of Amazon's APIs, checked: everything but whose token it is.

Two shapes ask: the developer proxy with a document that says it, and the gateway's own addresses of Amazon's
APIs, where it is the request itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.amazon.uploads import Upload
from gateway.errors import Problem
from gateway.model import Flow
from gateway.proxy.ads_operations import ads_operations
from gateway.proxy.allow_list import METHODS, reads_ads
from gateway.proxy.media_types import (
    JSON,
    answered_by,
    check_accept,
    check_content_type,
    takes_gzip,
)
from gateway.proxy.targets import Path, check_path, check_query
from gateway.settings.settings import Settings

WITHOUT_BODY = frozenset({"GET"})
# Headers that have a place of their own in a ProxyRequest.
SAID_BY_REQUEST = frozenset({"accept", "accept-encoding", "content-type"})


class Texts(Protocol):
    """The texts of a request, as they were given; None where one was not."""

    path: str
    method: str
    query_string: str | None
    content_type: str | None
    accept: str | None
    body: str | None


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """One call of an API. `query` is without `?`; `body` is None where none is sent.

    `accept`: the media types that may come back, as they are sent. `further`: headers that pass as they are.
    `codings`: the content codings in which the answer's body is passed on, as in `Accept-Encoding`; None
    where it is wanted without any. `restricted`: the call is made with a restricted data token for these data
    elements; None where with the store's own. `changes_nothing`: at Amazon, whatever the method says.
    """

    method: str
    path: Path
    query: str
    body: bytes | Upload | None = field(repr=False)
    content_type: str | None
    accept: str
    further: Mapping[str, str] = field(default_factory=dict)
    codings: str | None = None
    restricted: tuple[str, ...] | None = None
    changes_nothing: bool = False

    @property
    def target(self) -> str:
        """Path and query, as they are sent."""
        return f"{self.path.sent}?{self.query}" if self.query else self.path.sent

    @property
    def may_be_repeated(self) -> bool:
        """Whether sending it twice is the same as once."""
        return self.method == "GET" or self.changes_nothing

    def with_body(self, body: bytes | Upload | None) -> "ProxyRequest":
        """Return the same with another body; with none, to be remembered while that is sent."""
        return self if body is self.body else replace(self, body=body)


def read_proxy_request(fields: Texts, flow: Flow, settings: Settings) -> ProxyRequest:
    """Return what a request asks for. Raise Problem bad_parameter (1002) or not_allowed (1005)."""
    path, method = _check_path(fields.path, fields.method, flow, settings), fields.method
    content_type, accept = check_content_type(fields.content_type), check_accept(fields.accept)
    if accept is None:
        accept = JSON
        if flow == "ads":
            accept = answered_by(ads_operations().find(method, path.segments), content_type)
    query = check_query(fields.query_string or "")
    return ProxyRequest(method, path, query, _body(fields, method), content_type, accept)


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as it came at one of the gateway's own addresses of Amazon's APIs.

    `path`: what follows the address, undecoded. `headers`: those that pass (headers.py), names in lower case.
    """

    method: str
    path: bytes
    query: bytes
    headers: Mapping[str, str]


def read_raw_request(raw: Raw, flow: Flow, settings: Settings) -> ProxyRequest:
    """Return what a request asks for, without its body.

    Raise Problem method_not_allowed (405), bad_parameter (1002) or not_allowed (1005).
    """
    if raw.method not in METHODS:
        raise Problem("method_not_allowed", headers={"Allow": ", ".join(METHODS)})
    try:
        path, query = raw.path.decode(), raw.query.decode()
    except UnicodeDecodeError:
        raise Problem("not_allowed", "path: it is not UTF-8") from None
    further = {name: value for name, value in raw.headers.items() if name not in SAID_BY_REQUEST}
    return ProxyRequest(
        raw.method,
        _check_path(path, raw.method, flow, settings),
        check_query(query, "query"),
        None,
        raw.headers.get("content-type"),
        raw.headers.get("accept", JSON),
        further,
        "gzip" if takes_gzip(raw.headers.get("accept-encoding", "")) else "identity",
    )


def _check_path(text: str, method: str, flow: Flow, settings: Settings) -> Path:
    """Return a path that a gateway with these settings calls. Raise Problem not_allowed."""
    prefixes = settings.proxy_spapi_prefixes if flow == "spapi" else settings.proxy_ads_prefixes
    path = check_path(text, prefixes)
    if flow == "ads" and not settings.proxy_ads_writes and not reads_ads(method, path.segments):
        raise Problem(
            "not_allowed", "method: this gateway only reads from the Ads API (PROXY_ADS_WRITES is off)"
        )
    return path


def _body(fields: Texts, method: str) -> bytes | None:
    text = fields.body
    if text is None or method in WITHOUT_BODY:
        return None
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Problem(
            "bad_parameter", "body: it holds half of a surrogate pair, which UTF-8 cannot carry"
        ) from None
