"""The Data Kiosk API: a query in GraphQL is asked for and polled; what it finds is downloaded from storage.

https://developer-docs.amazon.com/sp-api/docs/data-kiosk-api-v2023-11-15-reference
"""

import json
import re
import secrets
from typing import Any

from amazon_sandbox import storage
from amazon_sandbox.business import Document, Job
from amazon_sandbox.clock import timestamp
from amazon_sandbox.goods import GOODS
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, Story, text_of
from amazon_sandbox.selling_partner.jobs import Jobs, state_of
from amazon_sandbox.selling_partner.refusals import invalid, missing

LONGEST_QUERY = 8000  # characters, without unnecessary whitespace [doc]
GRAPHQL = re.compile(r"\s*(query\b.*)?\{.*\}\s*", re.S)


class _Queries(Jobs):
    """Queries, which have a text in place of a type and sites."""

    def list(self, call: Call) -> Answer:
        """Return a page of the calling store's queries, newest first."""
        page, token = self.page(call, call.parameters("paginationToken"), lambda job: True)
        document: dict[str, Any] = {"queries": [self.described(job) for job in page]}
        return known("spApi.ok", {**document, "pagination": {"nextToken": token}} if token else document)

    def described(self, job: Job) -> dict[str, Any]:
        """Return a query as it is answered; one that finds nothing has no document."""
        document = {
            "queryId": job.number,
            "createdTime": timestamp(job.created),
            "processingStatus": state_of(job),
            **job.given,
        }
        if document["processingStatus"] == "DONE" and job.document_id:
            document[self.result] = job.document_id
        return document


QUERIES = _Queries(
    "query", "dataDocumentId", lambda business: business.queries, cancelable=("IN_QUEUE", "IN_PROGRESS")
)


def _create(call: Call) -> Answer:
    query = text_of(call.body(), "query")
    if len(" ".join(query.split())) > LONGEST_QUERY:
        raise invalid(f"query is longer than {LONGEST_QUERY} characters.")
    if not GRAPHQL.fullmatch(query) or query.count("{") != query.count("}"):
        raise invalid("query is not in GraphQL.")
    rows = _rows(query)
    document_id = f"amzn1.tortuga.4.{call.region.lower()}.{secrets.token_hex(16)}" if rows else ""
    document = Document(document_id, *call.store, rows)
    job = QUERIES.add(call, "", [], document, {"query": query})
    return known("spApi.accepted", {"queryId": job.number})


def _document(call: Call) -> Answer:
    document = call.world.business.documents.get(call.path["documentId"])
    queries = call.world.business.queries.values()
    asked_for = document is not None and document.document_id in {job.document_id for job in queries}
    if document is None or not asked_for or (document.seller_id, document.region) != call.store:
        raise missing("The document was not found.")
    url = storage.address(call.world, call.request, document)
    return known("spApi.ok", {"documentId": document.document_id, "documentUrl": url})


def _rows(query: str) -> bytes:
    """Return a line of JSON for each article, with what the query names of it; nothing where that is none."""
    named = set(re.findall(r"\w+", query))
    articles = [{"childAsin": each.asin, "parentAsin": each.asin, "sku": each.sku} for each in GOODS]
    rows = [{name: value for name, value in each.items() if name in named} for each in articles]
    return "".join(json.dumps(row) + "\n" for row in rows if row).encode()


STORIES: dict[str, Story] = {
    "dataKiosk_2023-11-15.createQuery": _create,
    "dataKiosk_2023-11-15.getQueries": QUERIES.list,
    "dataKiosk_2023-11-15.getQuery": QUERIES.one,
    "dataKiosk_2023-11-15.cancelQuery": QUERIES.cancel,
    "dataKiosk_2023-11-15.getDocument": _document,
}
