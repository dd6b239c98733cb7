"""How an answer of Amazon's is written into the document, in pieces."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.amazon.forwarding import Forwarded
from gateway.proxy.answers import answer_document
from gateway.util import json_string
from gateway.util.json_string import JsonString


def is_no_text(raw: bytes) -> bool:
    """Whether bytes are no UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return True
    return False


def body_of(chunks: list[bytes]) -> JsonString:
    """A body that came in these chunks."""
    body = JsonString()
    for chunk in chunks:
        body.add(chunk)
    body.finish()
    return body


def written(chunks: list[bytes], **headers: str) -> dict:
    """The document for a body that came in these chunks."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    document = answer_document(Forwarded(200, named, b""), body_of(chunks), sandbox=False)
    length = document.length
    whole = b"".join(document.take())
    assert len(whole) == length
    return json.loads(whole)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200), st.integers(1, 7), st.integers(1, 9))
def test_a_text_survives_any_cutting(text: str, size: int, piece: int) -> None:
    """Characters that fall onto a cut, quotes, controls: what comes out is what came in."""
    raw = text.encode()
    before, json_string.PIECE = json_string.PIECE, piece
    try:
        document = written([raw[at : at + size] for at in range(0, len(raw), size)])
    finally:
        json_string.PIECE = before
    assert document["body"] == text
    assert "bodyEncoding" not in document


@given(st.binary(max_size=200).filter(is_no_text), st.integers(1, 7), st.integers(1, 9))
def test_other_bytes_go_as_base64(raw: bytes, size: int, piece: int) -> None:
    """Cut anywhere, they come back whole, and the document says how they are written."""
    before, json_string.PIECE = json_string.PIECE, piece
    try:
        document = written([raw[at : at + size] for at in range(0, len(raw), size)])
    finally:
        json_string.PIECE = before
    assert base64.b64decode(document["body"], validate=True) == raw
    assert document["bodyEncoding"] == "base64"


def test_the_document_has_the_fields_of_the_contract() -> None:
    """Names and types of a plain answer, and what is null where Amazon did not say."""
    assert written([b"{}"], content_type="application/json") == {
        "errcode": 200,
        "errmsg": "",
        "httpStatus": 200,
        "contentType": "application/json",
        "requestId": None,
        "rateLimit": None,
        "retryAfter": None,
        "body": "{}",
    }


@pytest.mark.parametrize(
    ("headers", "field", "value"),
    [
        ({"x_amzn_requestid": "r-1"}, "requestId", "r-1"),
        ({"x_amz_request_id": "R2"}, "requestId", "R2"),
        ({"x_amz_rid": "R3"}, "requestId", "R3"),
        ({"x_amzn_ratelimit_limit": "0.0167"}, "rateLimit", 0.0167),
        ({"x_amzn_ratelimit_limit": "lots"}, "rateLimit", None),
        ({"x_amzn_ratelimit_limit": "nan"}, "rateLimit", None),
        ({"x_amzn_ratelimit_limit": "inf"}, "rateLimit", None),
        ({"retry_after": "7"}, "retryAfter", 7),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "retryAfter", None),
        ({"content_type": "text/html\u202e\u0007"}, "contentType", "text/html"),
        ({}, "contentType", ""),
    ],
)
def test_what_amazon_says_beside_the_body_is_read_with_care(
    headers: dict[str, str], field: str, value: object
) -> None:
    """Request ids under their three names; numbers only where they are some."""
    assert written([b""], **headers)[field] == value


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20), st.binary(max_size=20), st.integers(1, 5)
)
def test_a_body_is_read_here_as_it_came(text: str, more: bytes, size: int) -> None:
    """Text or not, and text that turns out to be none after it was taken for some."""
    raw = text.encode() + more
    before, json_string.PIECE = json_string.PIECE, 4
    try:
        body = body_of([raw[at : at + size] for at in range(0, len(raw), size)])
    finally:
        json_string.PIECE = before
    assert body.whole() == raw
    assert body.size == len(raw)
    assert body.is_text is not is_no_text(raw)


def test_the_body_is_let_go_of_as_it_is_written() -> None:
    """After the first piece the first chunks are gone."""
    body = body_of([b"x" * json_string.PIECE] * 8)
    pieces = answer_document(Forwarded(200, {}, b""), body, sandbox=True).take()
    next(pieces)
    next(pieces)
    assert len(body.whole()) == 7 * json_string.PIECE


def test_a_text_that_grows_is_not_kept_grown() -> None:
    """A control character takes six bytes in a document; what is held meanwhile is what came."""
    held = body_of([b"\0" * json_string.PIECE] * 8)
    assert sum(len(piece) for piece, _ in held._pieces) == 8 * json_string.PIECE
    assert held.length == 6 * held.size
    assert json.loads(b'"%b"' % b"".join(held.take())) == "\0" * held.size
