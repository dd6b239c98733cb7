"""How an answer of Amazon's is written into the document, in pieces."""

import base64
import json
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.amazon.forwarding import Forwarded
from gateway.proxy import answers
from gateway.proxy.answers import answer_document


def written(chunks: list[bytes], *, is_text: bool = True, **headers: str) -> dict:
    """The document for a body that came in these chunks."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Forwarded(200, named, deque(chunks), sum(map(len, chunks)), is_text)
    return json.loads(b"".join(answer_document(answer, sandbox=False)))


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200), st.integers(1, 7), st.integers(1, 9))
def test_a_text_survives_any_cutting(text: str, size: int, piece: int) -> None:
    """Characters that fall onto a cut, quotes, controls: what comes out is what came in."""
    raw = text.encode()
    before, answers.PIECE = answers.PIECE, piece
    try:
        document = written([raw[at : at + size] for at in range(0, len(raw), size)])
    finally:
        answers.PIECE = before
    assert document["body"] == text
    assert "bodyEncoding" not in document


@given(st.binary(max_size=200), st.integers(1, 7), st.integers(1, 9))
def test_other_bytes_go_as_base64(raw: bytes, size: int, piece: int) -> None:
    """Cut anywhere, they come back whole, and the document says how they are written."""
    before, answers.PIECE = answers.PIECE, piece
    try:
        document = written([raw[at : at + size] for at in range(0, len(raw), size)], is_text=False)
    finally:
        answers.PIECE = before
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


def test_the_body_is_let_go_of_as_it_is_written() -> None:
    """After the first piece the first chunks are gone."""
    chunks = deque([b"x" * answers.PIECE] * 8)
    document = answer_document(Forwarded(200, {}, chunks, 8 * answers.PIECE, True), sandbox=True)
    next(document)
    next(document)
    assert len(chunks) == 7
