"""The operations that Amazon publishes, out of references/ads-operations.json, found by method and path."""

import json
from dataclasses import dataclass

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.published_paths import PublishedPaths
from amazon_sandbox.references import REFERENCES

_FILE = REFERENCES / "ads-operations.json"
# Where refusals have another form than elsewhere: the sections of answers.json, by how paths begin.
_SECTIONS = {"/sp/": "sponsoredProducts", "/reporting/": "adsReports"}


@dataclass(frozen=True)
class Operation:
    """One operation; `takes` and `gives` are the media types of its body and of its answer."""

    method: str
    path: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]

    @property
    def key(self) -> str:
        """What the operation is called among all: `METHOD /path`, such as `GET /v2/profiles`."""
        return f"{self.method} {self.path}"

    def answer(self, case: str, document: object = None, /, **values: str) -> Answer:
        """Return the answer of that name in the form of the operation's API (see `known`)."""
        section = next((each for start, each in _SECTIONS.items() if self.path.startswith(start)), "adsApi")
        return known(f"{section}.{case}", document, **values)


_PATHS = PublishedPaths(
    (
        row["method"],
        row["path"],
        Operation(row["method"], row["path"], tuple(row.get("request", ())), tuple(row.get("answer", ()))),
    )
    for row in json.loads(_FILE.read_text("utf-8"))
)


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Return the operation that a call is for, and its path's parameters; None for what is not published."""
    return _PATHS.find(method, path)
