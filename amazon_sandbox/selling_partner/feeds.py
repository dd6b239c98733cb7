"""The Feeds API: a document is made, uploaded to storage, and named in a feed; the outcome is a document too.

https://developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-reference
"""

import re
import secrets

from amazon_sandbox import storage
from amazon_sandbox.business import Document
from amazon_sandbox.http_messages import JSON, Answer, to_json
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, Story, text_of, texts_of
from amazon_sandbox.selling_partner.jobs import Jobs
from amazon_sandbox.selling_partner.refusals import invalid, missing

FEEDS = Jobs("feed", "resultFeedDocumentId", lambda business: business.feeds)
FEED_TYPE = re.compile("[A-Z0-9_]{3,100}")
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( ?; ?charset=[\w-]+)?", re.ASCII)


def _create_document(call: Call) -> Answer:
    media_type = text_of(call.body(), "contentType")
    if not MEDIA_TYPE.fullmatch(media_type):
        raise invalid("contentType is not a media type.")
    document = _new_document(call, None, media_type)
    url = storage.address(call.world, call.request, document, "PUT")
    return known("spApi.created", {"feedDocumentId": document.document_id, "url": url})


def _create(call: Call) -> Answer:
    given = call.body()
    kind, marketplaces = text_of(given, "feedType"), texts_of(given, "marketplaceIds")
    if not FEED_TYPE.fullmatch(kind):
        raise invalid("feedType is not known.")
    call.sites(marketplaces)
    uploaded = call.world.business.documents.get(text_of(given, "inputFeedDocumentId"))
    if uploaded is None or (uploaded.seller_id, uploaded.region) != call.store:
        raise invalid("inputFeedDocumentId is not known.")
    if uploaded.content is None:
        raise invalid("The document of inputFeedDocumentId has not been uploaded.")
    outcome = _new_document(call, None, JSON)
    job = FEEDS.add(call, kind, marketplaces, outcome, {})
    report = {
        "header": {"sellerId": call.seller_id, "version": "2.0", "feedId": job.number},
        "issues": [],
        "summary": {
            "errors": 0,
            "warnings": 0,
            "messagesProcessed": 1,
            "messagesAccepted": 1,
            "messagesInvalid": 0,
        },
    }
    outcome.content = to_json(report)
    return known("spApi.accepted", {"feedId": job.number})


def _document(call: Call) -> Answer:
    document = call.world.business.documents.get(call.path["feedDocumentId"])
    if document is None or (document.seller_id, document.region) != call.store:
        raise missing("The feed document was not found.")
    url = storage.address(call.world, call.request, document)
    return known("spApi.ok", {"feedDocumentId": document.document_id, "url": url})


def _new_document(call: Call, content: bytes | None, media_type: str) -> Document:
    document_id = f"amzn1.tortuga.4.{call.region.lower()}.{secrets.token_hex(16)}"
    document = Document(document_id, *call.store, content, media_type)
    call.world.business.documents[document_id] = document
    return document


STORIES: dict[str, Story] = {
    "feeds_2021-06-30.createFeedDocument": _create_document,
    "feeds_2021-06-30.createFeed": _create,
    "feeds_2021-06-30.getFeeds": FEEDS.list,
    "feeds_2021-06-30.getFeed": FEEDS.one,
    "feeds_2021-06-30.cancelFeed": FEEDS.cancel,
    "feeds_2021-06-30.getFeedDocument": _document,
}
