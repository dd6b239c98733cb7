"""The operations that Amazon publishes, out of references/spapi-operations.json, found by method and path."""

import json
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.published_paths import PublishedPaths
from amazon_sandbox.references import REFERENCES

_FILE = REFERENCES / "spapi-operations.json"


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

_PATHS = PublishedPaths((each.method, "/".join(each.segments), each) for each in OPERATIONS)


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Return the operation that a call is for, and its path's parameters; None for what is not published."""
    return _PATHS.find(method, path)
