"""What was done through both APIs; it lasts as long as the process, or until a reset."""

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Job:
    """A report, feed or query: asked for, in the making for two polls, then done.

    `kind` is its report type or feed type; `polls` is how often it was looked at; `given` is told with it.
    """

    number: str
    kind: str
    marketplaces: list[str]
    seller_id: str
    region: str
    created: float
    document_id: str
    polls: int = 0
    canceled: bool = False
    given: dict[str, Any] = field(default_factory=dict)


@dataclass
class Document:
    """A document at Amazon's storage; `content` is None until it was uploaded."""

    document_id: str
    seller_id: str
    region: str
    content: bytes | None = None
    media_type: str = "text/plain;charset=UTF-8"
    compressed: bool = False


@dataclass
class AdsReport:
    """A report of an advertising profile: what was asked for; `polls` is how often it was looked at.

    `created` and `generated` are seconds since the epoch.
    """

    report_id: str
    profile_id: int
    asked: dict[str, Any]
    created: float
    document: Document
    name: str | None = None
    polls: int = 0
    generated: float | None = None


@dataclass(frozen=True)
class RestrictedResource:
    """What a restricted data token may read: a path as it was asked for, and which data with it."""

    method: str
    path: str
    data_elements: tuple[str, ...]


class Business:
    """The records; whoever changes one puts a whole value in its place."""

    def __init__(self) -> None:
        self.reports: dict[str, Job] = {}
        self.feeds: dict[str, Job] = {}
        self.queries: dict[str, Job] = {}
        self.documents: dict[str, Document] = {}
        # (seller id, region, SKU) -> {"productType", "attributes"}; None for an item that was deleted.
        self.listings: dict[tuple[str, str, str], dict[str, Any] | None] = {}
        # (seller id, region, order id) -> when the store confirmed that it has shipped the order.
        self.shipments: dict[tuple[str, str, str], float] = {}
        # (client id, destination id) -> the destination as it is answered.
        self.destinations: dict[tuple[str, str], dict[str, Any]] = {}
        # (client id, seller id, region, notification type) -> the subscription as it is answered.
        self.subscriptions: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self.ads_reports: dict[str, AdsReport] = {}
        # profile id -> the new campaigns as they are answered.
        self.campaigns: dict[int, list[dict[str, Any]]] = {}
        self._restricted: dict[str, list[RestrictedResource]] = {}

    def restrict(self, token: str, resources: list[RestrictedResource]) -> None:
        """Note what a restricted data token may read."""
        self._restricted[_digest(token)] = resources

    def restricted(self, token: str) -> list[RestrictedResource]:
        """Return what a restricted data token may read; nothing where it was made before a restart."""
        return self._restricted.get(_digest(token), [])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
