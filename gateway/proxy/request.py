"""What a caller of the developer proxy asks for, checked: everything but whose token it is."""

from dataclasses import dataclass
from typing import Protocol

from gateway.errors import Problem
from gateway.model import Flow
from gateway.proxy.ads_operations import ads_operations
from gateway.proxy.allow_list import reads_ads
from gateway.proxy.media_types import JSON, answered_by, check_accept, check_content_type
from gateway.proxy.targets import Path, check_path, check_query
from gateway.settings.settings import Settings

WITHOUT_BODY = frozenset({"GET"})


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

    `accept`: the media types that may come back, as they are sent.
    """

    method: str
    path: Path
    query: str
    body: bytes | None
    content_type: str | None
    accept: str

    @property
    def target(self) -> str:
        """Path and query, as they are sent."""
        return f"{self.path.sent}?{self.query}" if self.query else self.path.sent

    @property
    def may_be_repeated(self) -> bool:
        """Whether sending it twice is the same as once."""
        return self.method == "GET"


def read_proxy_request(fields: Texts, flow: Flow, settings: Settings) -> ProxyRequest:
    """Return what a request asks for. Raise Problem bad_parameter (1002) or not_allowed (1005)."""
    prefixes = settings.proxy_spapi_prefixes if flow == "spapi" else settings.proxy_ads_prefixes
    path = check_path(fields.path, prefixes)
    method = fields.method
    if flow == "ads" and not settings.proxy_ads_writes and not reads_ads(method, path.segments):
        raise Problem(
            "not_allowed", "method: this gateway only reads from the Ads API (PROXY_ADS_WRITES is off)"
        )
    content_type, accept = check_content_type(fields.content_type), check_accept(fields.accept)
    if accept is None:
        accept = JSON
        if flow == "ads":
            accept = answered_by(ads_operations().find(method, path.segments), content_type)
    query = check_query(fields.query_string or "")
    return ProxyRequest(method, path, query, _body(fields, method), content_type, accept)


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
