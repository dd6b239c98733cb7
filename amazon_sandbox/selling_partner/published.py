"""The operations that Amazon publishes, out of references/spapi-operations.json, found by method and path."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_FILE = Path(__file__).resolve().parents[2] / "references" / "spapi-operations.json"


@dataclass(frozen=True)
class Operation:
    """One operation; `rate` (calls a second) and `burst` are its usage plan, None where none is published.

    `segments` are those of its path, `{name}` for a parameter. `grantless` operations take tokens of the
    application's own instead of a seller's.
    """

    api: str
    name: str
    method: str
    segments: tuple[str, ...]
    rate: float | None
    burst: float | None
    required: tuple[str, ...]
    grantless: bool

    @property
    def key(self) -> str:
        """What the operation is called among all: `API.OPERATION`, such as `ordersV0.getOrders`."""
        return f"{self.api}.{self.name}"

    @property
    def family(self) -> str:
        """The first segment of its path, such as `orders`."""
        return self.segments[0]

    def read(self, segments: list[str]) -> dict[str, str] | None:
        """Return the values of the path's parameters, None where the path is another's."""
        values = {}
        for own, given in zip(self.segments, segments, strict=True):
            if own.startswith("{"):
                values[own[1:-1]] = unquote(given)
            elif own != given:
                return None
        return None if "" in values.values() else values


def _operation(row: dict[str, Any]) -> Operation:
    return Operation(
        row["api"],
        row["operation"],
        row["method"],
        tuple(row["path"].strip("/").split("/")),
        row.get("rate"),
        row.get("burst"),
        tuple(row.get("requiredQuery", ())),
        row.get("grantless", False),
    )


OPERATIONS = tuple(_operation(row) for row in json.loads(_FILE.read_text("utf-8")))

_BY_SHAPE: dict[tuple[str, int], list[Operation]] = {}
for _each in sorted(OPERATIONS, key=lambda operation: [part.startswith("{") for part in operation.segments]):
    _BY_SHAPE.setdefault((_each.method, len(_each.segments)), []).append(_each)


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Return the operation that a call is for, and its path's parameters; None for what is not published.

    Segments are split before they are decoded, so that a SKU may hold an escaped slash. Of two operations
    that a path fits, the one with a word where the other has a parameter is meant.
    """
    segments = path.removeprefix("/").split("/")
    for operation in _BY_SHAPE.get((method, len(segments)), ()):
        values = operation.read(segments)
        if values is not None:
            return operation, values
    return None
