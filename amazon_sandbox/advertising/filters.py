"""Filters of Sponsored Products lists, in the forms that Amazon has for them.

Each form reads what was given for a field and returns which entities it lets through. It raises ValueError
with a sentence for what is not of its form.
"""

from collections.abc import Callable, Collection
from typing import Any

from amazon_sandbox.advertising.account import Entity

Value = Callable[[Entity], Any]
Test = Callable[[Entity], bool]
Filter = Callable[[Any], Test]


def among(field: str, allowed: Collection[str] | None = None) -> Filter:
    """Return the form `{"include": ["…", …]}`."""

    def read(given: Any) -> Test:
        if not isinstance(given, dict):
            raise ValueError('is not of the form {"include": […]}')
        return _one_of(_field(field), given.get("include"), allowed)

    return read


def listed(field: str, allowed: Collection[str]) -> Filter:
    """Return the form `["…", …]`."""
    return lambda given: _one_of(_field(field), given, allowed)


def exactly(value_of: Value, allowed: Collection[str]) -> Filter:
    """Return the form `"…"`, for what `value_of` says of an entity."""
    return lambda given: _one_of(value_of, [given], allowed)


def worded(field: str) -> Filter:
    """Return the form `{"queryTermMatchType": "BROAD_MATCH" or "EXACT_MATCH", "include": ["…", …]}`."""

    def read(given: Any) -> Test:
        match = given.get("queryTermMatchType", "BROAD_MATCH") if isinstance(given, dict) else None
        if match == "EXACT_MATCH":
            return among(field)(given)
        if match != "BROAD_MATCH":
            raise ValueError("wants a queryTermMatchType of BROAD_MATCH or EXACT_MATCH")
        wanted = [word.casefold() for word in _texts(given.get("include"))]
        return lambda entity: not wanted or any(word in entity[field].casefold() for word in wanted)

    return read


def _field(name: str) -> Value:
    return lambda entity: entity.get(name)


def _one_of(value_of: Value, given: Any, allowed: Collection[str] | None) -> Test:
    wanted = _texts(given)
    unknown = [word for word in wanted if allowed is not None and word not in allowed]
    if unknown:
        raise ValueError(f"holds a value that is not known; it takes {', '.join(allowed or ())}")
    return lambda entity: not wanted or value_of(entity) in wanted


def _texts(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError("holds no list of texts")
    return given
