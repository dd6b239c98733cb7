"""Reports and feeds: asked for, polled, listed, canceled; documents go through Amazon's storage."""

import gzip
from typing import Any

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import CA, DE, US, Store

REPORTS, FEEDS = "reports_2021-06-30", "feeds_2021-06-30"
KIND, OTHER = "GET_MERCHANT_LISTINGS_ALL_DATA", "GET_AFN_INVENTORY_DATA"
FEED = "JSON_LISTINGS_FEED"


def make(store: Store, kind: str = KIND, marketplaces: tuple[str, ...] = (US,), **given: Any) -> str:
    """Ask for a report and return its number."""
    body = {"reportType": kind, "marketplaceIds": list(marketplaces), **given}
    number: str = store.get(f"{REPORTS}.createReport", body)["reportId"]
    return number


def numbers(store: Store, **query: Any) -> list[str]:
    """Return the numbers of a list of reports."""
    return [each["reportId"] for each in store.get(f"{REPORTS}.getReports", **query)["reports"]]


def uploaded(store: Store, content: bytes = b"{}") -> str:
    """Make a feed's document, upload it and return its id."""
    document = store.get(f"{FEEDS}.createFeedDocument", {"contentType": "application/json; charset=UTF-8"})
    assert requests.put(document["url"], data=content, timeout=30).status_code == 200
    number: str = document["feedDocumentId"]
    return number


def test_reports_are_listed_by_type_state_and_site(store: Store) -> None:
    """The newest first; looking at the list does not hurry a report."""
    first, second = make(store), make(store, marketplaces=(CA,))
    third = make(store, OTHER)
    assert numbers(store, reportTypes=KIND) == [second, first]
    assert numbers(store, reportTypes=f"{KIND},{OTHER}") == [third, second, first]
    assert numbers(store, reportTypes=KIND, marketplaceIds=CA) == [second]
    for _ in range(3):
        store.get(f"{REPORTS}.getReport", reportId=first)
    assert numbers(store, reportTypes=KIND, processingStatuses="DONE") == [first]
    assert numbers(store, reportTypes=KIND, processingStatuses="IN_QUEUE") == [second]
    assert numbers(store, reportTypes=KIND, createdSince="2999-01-01") == []
    assert numbers(store, reportTypes=KIND, createdUntil="2026-01-01") == []


def test_a_list_of_reports_comes_in_pages(store: Store) -> None:
    """The token alone leads on, with what was asked for at first."""
    made = [make(store) for _ in range(3)]
    make(store, OTHER)
    page = store.get(f"{REPORTS}.getReports", reportTypes=KIND, pageSize="2")
    rest = store.get(f"{REPORTS}.getReports", nextToken=page["nextToken"])
    assert [each["reportId"] for each in page["reports"] + rest["reports"]] == made[::-1]
    assert "nextToken" not in rest


def test_a_report_keeps_its_period_and_can_be_cancelled_before_it_begins(store: Store) -> None:
    """Canceled is a state of its own; what is in progress cannot be."""
    number = make(store, dataStartTime="2026-01-01T00:00:00Z")
    assert store.send(f"{REPORTS}.cancelReport", reportId=number).status_code == 200
    report = store.get(f"{REPORTS}.getReport", reportId=number)
    assert (report["processingStatus"], report["dataStartTime"]) == ("CANCELLED", "2026-01-01T00:00:00Z")
    begun = make(store)
    store.get(f"{REPORTS}.getReport", reportId=begun)
    assert store.refused(f"{REPORTS}.cancelReport", reportId=begun) == (400, "InvalidInput")
    assert store.refused(f"{REPORTS}.cancelReport", reportId="1") == (404, "NotFound")


@pytest.mark.parametrize(
    "query",
    [{}, {"reportTypes": KIND, "processingStatuses": "LOST"}, {"reportTypes": KIND, "pageSize": "101"}],
)
def test_a_list_wants_types_and_known_words(store: Store, query: dict[str, str]) -> None:
    """Types, or the token of a page."""
    assert store.refused(f"{REPORTS}.getReports", **query) == (400, "InvalidInput")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reportType": KIND, "marketplaceIds": [DE]}, 403),
        ({"reportType": KIND, "marketplaceIds": [US], "dataStartTime": "yesterday"}, 400),
        ({"reportType": KIND, "marketplaceIds": [1]}, 400),
    ],
)
def test_a_report_s_fields_are_looked_at(store: Store, body: Any, status: int) -> None:
    """Sites of the region, and dates."""
    assert store.refused(f"{REPORTS}.createReport", body)[0] == status


def test_a_feed_goes_from_its_upload_to_its_outcome(store: Store) -> None:
    """Uploaded to a pre-signed address, processed, and the outcome downloaded from another."""
    body = {"feedType": FEED, "marketplaceIds": [US], "inputFeedDocumentId": uploaded(store)}
    number = store.get(f"{FEEDS}.createFeed", body)["feedId"]
    feeds = [store.get(f"{FEEDS}.getFeed", feedId=number) for _ in range(3)]
    assert [feed["processingStatus"] for feed in feeds] == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    document = store.get(f"{FEEDS}.getFeedDocument", feedDocumentId=feeds[2]["resultFeedDocumentId"])
    outcome = requests.get(document["url"], timeout=30).json()
    assert outcome["header"] == {"sellerId": "A1SANDBOXNA001", "version": "2.0", "feedId": number}
    assert outcome["summary"]["errors"] == 0
    assert [each["feedId"] for each in store.get(f"{FEEDS}.getFeeds", feedTypes=FEED)["feeds"]] == [number]


def test_what_was_uploaded_is_kept_as_it_is(store: Store) -> None:
    """Byte for byte, gzipped or not; an address to write to does not read."""
    content = gzip.compress("é☕".encode())
    document = store.get(f"{FEEDS}.getFeedDocument", feedDocumentId=uploaded(store, content))
    assert requests.get(document["url"], timeout=30).content == content
    assert requests.put(document["url"], data=b"x", timeout=30).status_code == 403
    empty = store.get(f"{FEEDS}.createFeedDocument", {"contentType": "text/plain"})
    assert requests.get(empty["url"], timeout=30).status_code == 403
    store.sandbox.control("clock", {"advance": 301})
    assert requests.put(empty["url"], data=b"x", timeout=30).status_code == 403


def test_a_feed_can_be_cancelled_before_it_begins(store: Store) -> None:
    """As a report can."""
    body = {"feedType": FEED, "marketplaceIds": [US], "inputFeedDocumentId": uploaded(store)}
    number = store.get(f"{FEEDS}.createFeed", body)["feedId"]
    assert store.send(f"{FEEDS}.cancelFeed", feedId=number).status_code == 200
    assert store.get(f"{FEEDS}.getFeed", feedId=number)["processingStatus"] == "CANCELLED"


def test_a_feed_wants_a_document_that_was_uploaded(store: Store) -> None:
    """Neither an unknown one, nor one without content, nor a media type that is none."""
    empty = store.get(f"{FEEDS}.createFeedDocument", {"contentType": "text/plain"})["feedDocumentId"]
    for document in ("unknown", empty, None):
        body = {"feedType": FEED, "marketplaceIds": [US], "inputFeedDocumentId": document}
        assert store.refused(f"{FEEDS}.createFeed", body) == (400, "InvalidInput")
    for media_type in (None, "", "text", "text/plain\r\nX-More: 1"):
        answer = store.refused(f"{FEEDS}.createFeedDocument", {"contentType": media_type})
        assert answer == (400, "InvalidInput")


def test_feeds_belong_to_their_store(sandbox: SandboxProcess, store: Store) -> None:
    """Another store finds neither feed nor document."""
    document = uploaded(store)
    body = {"feedType": FEED, "marketplaceIds": [US], "inputFeedDocumentId": document}
    number = store.get(f"{FEEDS}.createFeed", body)["feedId"]
    other = Store(sandbox, sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"])
    assert other.refused(f"{FEEDS}.getFeed", feedId=number) == (404, "NotFound")
    assert other.refused(f"{FEEDS}.getFeedDocument", feedDocumentId=document) == (404, "NotFound")
    assert other.refused(f"{FEEDS}.createFeed", body) == (400, "InvalidInput")
