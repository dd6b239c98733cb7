"""What the control path takes: JSON objects whose fields are checked by name and type, and queries."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

NUMBER = (int, float)
OPTIONAL_TEXT = (str, type(None))


class ControlError(Exception):
    """The control request cannot be carried out; the message says what was expected."""


def fields_of(
    document: Any, required: dict[str, Any] | None = None, optional: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the document if it is an object with the required fields, no unknown one, and these types."""
    if not isinstance(document, dict):
        raise ControlError("expected a JSON object")
    types = {**(required or {}), **(optional or {})}
    for name in required or {}:
        if name not in document:
            raise ControlError(f"{name} is missing")
    for name, value in document.items():
        if name not in types:
            raise ControlError(f"unknown field {name[:40]}; known: {', '.join(types)}")
        expected = types[name]
        is_flag_for_number = isinstance(value, bool) and expected not in (bool, object)
        if is_flag_for_number or not isinstance(value, expected):
            raise ControlError(f"{name} has the wrong type")
    return dict(document)


def items_of(document: Any) -> list[Any]:
    """Return the items of a list; one that comes without a list is the only one."""
    return document if isinstance(document, list) else [document]


def filtered(records: Iterable[Any], query: dict[str, str], names: tuple[str, ...]) -> list[Any]:
    """Return the records whose fields are as in the query, at most `limit` of them (100)."""
    unknown = sorted(set(query) - {*names, "limit"})
    if unknown:
        raise ControlError(f"unknown field {unknown[0]}; known: {', '.join(names)}, limit")
    limit = read_limit(query.get("limit", "100"))
    wanted = {snake(name): query[name] for name in names if name in query}
    found = [each for each in list(records) if all(str(getattr(each, n)) == v for n, v in wanted.items())]
    return found[:limit]


def read_limit(text: str | None) -> int | None:
    """Return the number of a query's `limit`; None for none."""
    if text is None:
        return None
    if not text.isdecimal():
        raise ControlError("limit: a number")
    return int(text)


def snake(name: str) -> str:
    """Return a field's name as a record has it: `sellerId` is `seller_id`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def written(record: Any) -> dict[str, Any]:
    """Return a record as a JSON object, its fields in camelCase."""
    return {_camel(name): value for name, value in asdict(record).items()}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
