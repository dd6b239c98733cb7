"""Amazon's answer as the contract's document, sent piece by piece so that a big body is held only once.

The document says before the body whether that is text, and an answer that is cut off is an error document.
So it begins when Amazon's answer has come to its end; what is passed on while it comes is
`api/amazon_addresses.py`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.amazon.forwarding import Forwarded
from gateway.amazon.observed import request_id_of
from gateway.proxy.refusals import Cause
from gateway.util.json_string import JsonString
from gateway.util.text import cleaned

END = b'"}'


@dataclass(frozen=True, slots=True)
class AnswerDocument:
    """The document: its fields up to the body's text, and that text."""

    head: bytes
    body: JsonString

    @property
    def length(self) -> int:
        """Its length in bytes, before any of it was taken."""
        return len(self.head) + self.body.length + len(END)

    def take(self) -> Iterator[bytes]:
        """Return its pieces; the answer's body is used up on the way."""
        yield self.head
        yield from self.body.take()
        yield END


def answer_document(
    answer: Forwarded,
    body: JsonString,
    *,
    sandbox: bool,
    notes: Sequence[str] = (),
    cause: Cause | None = None,
    restricted: Sequence[str] = (),
) -> AnswerDocument:
    """Return the document that an answer with this body is; `cause`: why it is a refusal.

    `restricted`: the data of buyers that were asked for by name. A body that is not UTF-8 goes as base64,
    which `bodyEncoding` then says.
    """
    document: dict[str, Any] = {
        "errcode": 200,
        "errmsg": "",
        "httpStatus": answer.status,
        "contentType": cleaned(answer.headers.get("content-type")),
        "requestId": request_id_of(answer.headers),
        "rateLimit": _rate_limit(answer),
        "retryAfter": answer.retry_after,
    }
    if cause is not None:
        document |= {"reason": cause.reason, "cause": cause.cause, "hint": cause.hint}
    if not body.is_text:
        document["bodyEncoding"] = "base64"
    if restricted:
        document["restricted"] = list(restricted)
    if notes:
        document["notes"] = list(notes)
    if sandbox:
        document["sandbox"] = True
    head = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return AnswerDocument(f'{head[:-1]},"body":"'.encode(), body)


def _rate_limit(answer: Forwarded) -> float | None:
    """Return the calls per second that the SP-API allows for this operation, where it says."""
    try:
        limit = float(answer.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return limit if 0 <= limit < 1_000_000 else None
