"""Data Kiosk: a query is asked for, polled, listed, canceled; what it finds is downloaded."""

import json

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import Store

KIOSK = "dataKiosk_2023-11-15"
BY_ASIN = "query {analytics_salesAndTraffic_2023_11_15{salesAndTrafficByAsin{childAsin sku}}}"
NOTHING = '{analytics_economics_2024_03_15{economics(startDate:"2026-01-01"){startDate}}}'


def make(store: Store, query: str = BY_ASIN) -> str:
    """Ask for a query and return its number."""
    number: str = store.get(f"{KIOSK}.createQuery", {"query": query})["queryId"]
    return number


def test_a_query_is_polled_and_its_document_downloaded(store: Store) -> None:
    """A line of JSON for each article, with what was asked of it."""
    number = make(store)
    polled = [store.get(f"{KIOSK}.getQuery", queryId=number) for _ in range(3)]
    assert [query["processingStatus"] for query in polled] == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    assert [query["query"] for query in polled] == [BY_ASIN] * 3
    document = store.get(f"{KIOSK}.getDocument", documentId=polled[2]["dataDocumentId"])
    lines = requests.get(document["documentUrl"], timeout=30).text.splitlines()
    assert json.loads(lines[0]) == {"childAsin": "B0SAND0001", "sku": "SANDBOX-SKU-1"}


def test_a_query_that_finds_nothing_has_no_document(store: Store) -> None:
    """It is done nevertheless."""
    number = make(store, NOTHING)
    query = [store.get(f"{KIOSK}.getQuery", queryId=number) for _ in range(3)][-1]
    assert query["processingStatus"] == "DONE"
    assert "dataDocumentId" not in query


def test_queries_are_listed_in_pages(store: Store) -> None:
    """The newest first, by state; the token leads on."""
    made = [make(store) for _ in range(3)]
    store.get(f"{KIOSK}.getQuery", queryId=made[0])
    page = store.get(f"{KIOSK}.getQueries", pageSize="2")
    rest = store.get(f"{KIOSK}.getQueries", paginationToken=page["pagination"]["nextToken"])
    assert [each["queryId"] for each in page["queries"] + rest["queries"]] == made[::-1]
    assert "pagination" not in rest
    begun = store.get(f"{KIOSK}.getQueries", processingStatuses="IN_PROGRESS")["queries"]
    assert [each["queryId"] for each in begun] == [made[0]]


def test_a_query_can_be_canceled_until_it_is_done(store: Store) -> None:
    """Also while it is in progress; a second time does no harm."""
    number, done = make(store), make(store)
    store.get(f"{KIOSK}.getQuery", queryId=number)
    for _ in range(2):
        assert store.send(f"{KIOSK}.cancelQuery", queryId=number).status_code == 200
    assert store.get(f"{KIOSK}.getQuery", queryId=number)["processingStatus"] == "CANCELLED"
    for _ in range(2):
        store.get(f"{KIOSK}.getQuery", queryId=done)
    assert store.refused(f"{KIOSK}.cancelQuery", queryId=done) == (400, "InvalidInput")


@pytest.mark.parametrize("query", [None, "", "select 1", "{a{b}", "{a b:" + "c" * 8000 + "}"])
def test_what_is_no_query_is_refused(store: Store, query: str | None) -> None:
    """Missing, no GraphQL, or longer than Amazon takes it."""
    assert store.refused(f"{KIOSK}.createQuery", {"query": query}) == (400, "InvalidInput")


def test_queries_belong_to_their_store(sandbox: SandboxProcess, store: Store) -> None:
    """Another store finds neither query nor document; and a report's document is none of Data Kiosk's."""
    number = make(store)
    query = [store.get(f"{KIOSK}.getQuery", queryId=number) for _ in range(3)][-1]
    other = Store(sandbox, sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"])
    assert other.refused(f"{KIOSK}.getQuery", queryId=number) == (404, "NotFound")
    refusal = other.refused(f"{KIOSK}.getDocument", documentId=query["dataDocumentId"])
    assert refusal == (404, "NotFound")
    assert other.get(f"{KIOSK}.getQueries") == {"queries": []}
    assert store.refused(f"{KIOSK}.getDocument", documentId="unknown") == (404, "NotFound")
