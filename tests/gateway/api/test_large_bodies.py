"""A large body is taken apart by another reader than a small one: what either says is the same."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.endpoints import DEEPEST, _parse_large_object, _parse_object
from gateway.errors import Problem


def read_by(parse: Callable[[bytes | bytearray], dict[str, Any]], body: bytes) -> str:
    """What a reader makes of a body, or how it refuses it. Taken twice: a bytearray is emptied."""
    results = []
    for given_as in (bytes, bytearray):
        try:
            results.append(repr(parse(given_as(body))))
        except Problem as problem:
            results.append(f"refused: {problem.detail}")
    assert results[0] == results[1]
    return results[0]


def nested(levels: int) -> bytes:
    """Lists in an object, so many levels in all."""
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"\xef\xbb\xbf{}",
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": "\xff"}',
        b'{"a": "\x01"}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -0, "b": 01}',
        b'{"a": ' + b"9" * 4300 + b"}",
        b'{"a": ' + b"9" * 4301 + b"}",
        b"{} {}",
        b"{}\0",
        "{}".encode("utf-16"),
        nested(200),
        nested(201),
        nested(DEEPEST),
        nested(DEEPEST + 1),
        nested(100_000),
    ],
)
def test_both_readers_agree(body: bytes) -> None:
    """On what is no JSON to one of them, or another value than in Python's."""
    assert read_by(_parse_large_object, body) == read_by(_parse_object, body)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats().filter(math.isfinite) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), _VALUES), st.booleans())
def test_both_readers_find_the_same_values(document: dict[str, object], ascii_only: bool) -> None:
    """Of every object that can be written, escaped or not."""
    body = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert read_by(_parse_large_object, body) == read_by(_parse_object, body) == repr(document)
