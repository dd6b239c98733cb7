"""Amazon's answer as the contract's document, written piece by piece so that a big body is held only once."""

import base64
import json
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import to_json

from gateway.amazon.forwarding import Forwarded
from gateway.util.text import cleaned

PIECE = 512 * 1024
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
    left = b""
    for piece in _pieces(chunks):
        piece = left + piece
        whole = _start_of_last_character(piece)
        left = piece[whole:]
        yield _escaped(piece[:whole])
    yield _escaped(left)


def _escaped(text: bytes) -> bytes:
    """Return UTF-8 as it stands inside a JSON string, without taking the way over `str`."""
    return to_json(text, bytes_mode="utf8")[1:-1]


def _start_of_last_character(piece: bytes) -> int:
    """Return where the last character of some UTF-8 begins, which may go on in the next piece."""
    start = max(len(piece) - 1, 0)
    while start > 0 and piece[start] & 0b1100_0000 == 0b1000_0000:
        start -= 1
    return start


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
        piece: list[bytes] = []
        size = 0
        while chunks and size < PIECE:
            size += len(chunks[0])
            piece.append(chunks.popleft())
        yield b"".join(piece)


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
