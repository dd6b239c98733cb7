"""The Ads API's published operations: which of them only read, and of which media types their answers are.

They stand in `references/ads-operations.json`, made from Amazon's descriptions. A GET reads. Of any other
operation `reads` says so, decided for each by what Amazon's description says that it does, since neither
words nor permissions tell: `/recommendations/apply` changes ads, and a permission to view is enough for it.
`why` gives the reason where the path does not.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gateway.util.paths import REFERENCES

FILE = REFERENCES / "ads-operations.json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `requests` and `answers`: media types of its body and of what comes back."""

    reads: bool
    requests: tuple[str, ...]
    answers: tuple[str, ...]


class Operations:
    """Operations by method and path: one look where the path has no parameter, else a few comparisons."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, ...], Operation] = {}
        self._templates: dict[tuple[str, int], list[tuple[tuple[str | None, ...], Operation]]] = {}

    def add(self, method: str, path: str, operation: Operation) -> None:
        """Take an operation. `path` may hold parameters, as in `/sp/campaigns/{campaignId}`."""
        parts = path.strip("/").split("/")
        if "{" not in path:
            self._exact[method, *parts] = operation
            return
        template = tuple(None if part.startswith("{") else part for part in parts)
        self._templates.setdefault((method, len(parts)), []).append((template, operation))

    def find(self, method: str, segments: Sequence[str]) -> Operation | None:
        """Return the operation that a call is; None for one that is not among them.

        `segments`: of the path as it is sent, each decoded. What stands there in words comes first.
        """
        exact = self._exact.get((method, *segments))
        if exact is not None:
            return exact
        for template, operation in self._templates.get((method, len(segments)), ()):
            if all(part in (None, segment) for part, segment in zip(template, segments, strict=True)):
                return operation
        return None


@cache
def ads_operations() -> Operations:
    """Return the published operations, read when the first Ads call comes, and once in a process."""
    operations = Operations()
    for row in json.loads(FILE.read_text(encoding="utf-8")):
        operation = Operation(
            reads=row["method"] == "GET" or row["reads"],
            requests=tuple(row.get("request", ())),
            answers=tuple(row.get("answer", ())),
        )
        operations.add(row["method"], row["path"], operation)
    return operations
