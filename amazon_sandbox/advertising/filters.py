"""Filters of Sponsored Products lists, in the forms that Amazon has for them.

Each form reads what was given for a field and returns which entities it lets through. It raises ValueError
with a sentence for what is not of its form.
"""

from collections.abc import Callable, Collection
from typing import Any

from amazon_sandbox.advertising.account import Entity
from amazon_sandbox.advertising.call import are_texts

Value = Callable[[Entity], Any]
Test = Callable[[Entity], bool]
Filter = Callable[[Any], Test]


def among(field: str, allowed: Collection[str] | None = None) -> Filter:
    """Return the form `{"include": ["…", …]}`."""
    return lambda given: _one_of(_field(field), _included(given), allowed)


def listed(field: str, allowed: Collection[str]) -> Filter:
    """Return the form `["…", …]`."""

    def read(given: Any) -> Test:
        if not are_texts(given):
            raise ValueError("is not a list of texts")
        return _one_of(_field(field), given, allowed)

    return read


def exactly(value_of: Value, allowed: Collection[str]) -> Filter:
    """Return the form `"…"`, for what `value_of` says of an entity."""

    def read(given: Any) -> Test:
        if not isinstance(given, str):
            raise ValueError("is not a text")
        return _one_of(value_of, [given], allowed)

    return read


def worded(field: str) -> Filter:
    """Return the form `{"queryTermMatchType": "BROAD_MATCH" or "EXACT_MATCH", "include": ["…", …]}`."""

    def read(given: Any) -> Test:
        wanted = _included(given)
        match = given.get("queryTermMatchType", "BROAD_MATCH")
        if match == "EXACT_MATCH":
            return _one_of(_field(field), wanted, None)
        if match != "BROAD_MATCH":
            raise ValueError("wants a queryTermMatchType of BROAD_MATCH or EXACT_MATCH")
        parts = [word.casefold() for word in wanted]
        return lambda entity: not parts or any(part in entity[field].casefold() for part in parts)

    return read


def _field(name: str) -> Value:
    return lambda entity: entity.get(name)


def _included(given: Any) -> list[str]:
    included = given.get("include") if isinstance(given, dict) else None
    if not are_texts(included):
        raise ValueError('is not of the form {"include": […]}')
    return included


def _one_of(value_of: Value, wanted: list[str], allowed: Collection[str] | None) -> Test:
    """Return the test for one of these values, which lets everything through where there is none."""
    unknown = [word for word in wanted if allowed is not None and word not in allowed]
    if unknown:
        raise ValueError(f"holds a value that is not known; it takes {', '.join(allowed or ())}")
    return lambda entity: not wanted or value_of(entity) in wanted
