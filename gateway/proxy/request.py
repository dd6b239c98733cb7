"""What a caller of the developer proxy asks for, checked: everything but whose token it is."""

import re
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import Problem
from gateway.model import Flow
from gateway.proxy.allow_list import reads_ads
from gateway.proxy.targets import Path, check_path, check_query
from gateway.settings.settings import Settings

JSON = "application/json"
WITHOUT_BODY = frozenset({"GET"})
# RFC 9110 section 8.3.1, without quoted strings: no API of Amazon's wants one.
MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}"
    r"( ?; ?[A-Za-z0-9_-]{1,40}=[A-Za-z0-9_.+-]{1,80}){0,4}",
    re.ASCII,
)


class Texts(Protocol):
    """The texts of a request, as they were given; None where one was not."""

    path: str
    method: str
    query_string: str | None
    content_type: str | None
    body: str | None


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """One call of an API. `query` is without `?`; `body` is None where none is sent."""

    method: str
    path: Path
    query: str
    body: bytes | None
    content_type: str | None

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
    content_type = fields.content_type or None
    if content_type is not None and not MEDIA_TYPE.fullmatch(content_type):
        raise Problem("bad_parameter", "contentType: expected a media type such as application/json")
    return ProxyRequest(
        method, path, check_query(fields.query_string or ""), _body(fields, method), content_type
    )


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
