"""Amazon's answer as the contract's document, written piece by piece so that a big body is held only once."""

import base64
import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.amazon.forwarding import Forwarded, incremental_utf8
from gateway.util.text import cleaned

PIECE = 256 * 1024
REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amz-rid")


def answer_document(answer: Forwarded, *, sandbox: bool, notes: Sequence[str] = ()) -> Iterator[bytes]:
    """Write the document; the answer's body is used up on the way.

    A body that is not UTF-8 goes as base64, which `bodyEncoding` then says.
    """
    document: dict[str, Any] = {
        "errcode": 200,
        "errmsg": "",
        "httpStatus": answer.status,
        "contentType": cleaned(answer.headers.get("content-type")),
        "requestId": _request_id(answer),
        "rateLimit": _rate_limit(answer),
        "retryAfter": answer.retry_after,
    }
    if not answer.is_text:
        document["bodyEncoding"] = "base64"
    if notes:
        document["notes"] = list(notes)
    if sandbox:
        document["sandbox"] = True
    head = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    yield f'{head[:-1]},"body":"'.encode()
    yield from _text(answer.body) if answer.is_text else _base64(answer.body)
    yield b'"}'


def _text(chunks: deque[bytes]) -> Iterator[bytes]:
    decoder = incremental_utf8()
    for piece in _pieces(chunks):
        yield json.dumps(decoder.decode(piece), ensure_ascii=False)[1:-1].encode()


def _base64(chunks: deque[bytes]) -> Iterator[bytes]:
    left = b""
    for piece in _pieces(chunks):
        piece = left + piece
        whole = len(piece) // 3 * 3
        left = piece[whole:]
        yield base64.b64encode(piece[:whole])
    yield base64.b64encode(left)


def _pieces(chunks: deque[bytes]) -> Iterator[bytes]:
    """Take the chunks away in pieces of a size worth a turn."""
    while chunks:
        piece = bytearray()
        while chunks and len(piece) < PIECE:
            piece += chunks.popleft()
        yield bytes(piece)


def _request_id(answer: Forwarded) -> str | None:
    """Return Amazon's own number of the call, which its support asks for."""
    found = (cleaned(answer.headers.get(name)) for name in REQUEST_ID_HEADERS)
    return next((value for value in found if value), None)


def _rate_limit(answer: Forwarded) -> float | None:
    """Return the calls per second that the SP-API allows for this operation, where it says."""
    try:
        limit = float(answer.headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return limit if 0 <= limit < 1_000_000 else None
