"""The Ads API's published operations: which of them only read, and of which media types their answers are.

They stand in `references/ads-operations.json`, made from Amazon's descriptions. A GET reads. Of any other
operation `reads` says so, decided for each by what Amazon's description says that it does, since neither
words nor permissions tell: `/recommendations/apply` changes ads, and a permission to view is enough for it.
`why` gives the reason where the path does not.
"""

import json
from dataclasses import dataclass
from functools import cache

from gateway.proxy.published_operations import PublishedOperations
from gateway.util.paths import REFERENCES

FILE = REFERENCES / "ads-operations.json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `requests` and `answers`: media types of its body and of what comes back."""

    reads: bool
    requests: tuple[str, ...]
    answers: tuple[str, ...]


@cache
def ads_operations() -> PublishedOperations[Operation]:
    """Return the published operations, read when the first Ads call comes, and once in a process."""
    operations = PublishedOperations[Operation]()
    for row in json.loads(FILE.read_text(encoding="utf-8")):
        operation = Operation(
            reads=row["method"] == "GET" or row["reads"],
            requests=tuple(row.get("request", ())),
            answers=tuple(row.get("answer", ())),
        )
        operations.add(row["method"], row["path"], operation)
    return operations
