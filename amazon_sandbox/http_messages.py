"""Request and answer as the services of the sandbox see them, without sockets."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
LEAST_COMPRESSED = 512  # bytes of a body that is worth it


@dataclass
class Request:
    """One request to one Amazon host; header names are in lower case, `path` is as it was sent."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the first."""
        values = parse_qs(self.query, keep_blank_values=True, errors="replace")
        return {name: given[0] for name, given in values.items()}

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """The form in the body; empty unless the body says that it is one."""
        if self.content_type != FORM:
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def form_value(self, name: str) -> str:
        """Return the first value of a field of the form, "" where it is missing."""
        return self.form.get(name, [""])[0]

    @cached_property
    def fields(self) -> dict[str, str]:
        """The texts that the body names, be it a form or a JSON object; empty where it is neither."""
        if self.content_type != JSON:
            return {name: values[0] for name, values in self.form.items()}
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        given = document.items() if isinstance(document, dict) else ()
        return {name: value for name, value in given if isinstance(value, str)}


@dataclass(frozen=True)
class Answer:
    """One answer; `deliver` is how many bytes of the body are sent (None = all), `dropped` sends nothing."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    outcome: str = "ok"
    deliver: int | None = None
    dropped: bool = False


@dataclass(frozen=True)
class Caller:
    """Who calls and for whom, as far as the request tells; `token` is kept for the ledger, which masks it."""

    grant_type: str | None = None
    client_id: str | None = None
    seller_id: str | None = None
    advertiser_id: str | None = None
    region: str | None = None
    grant_id: int | None = None
    token: str | None = None


def to_json(document: Any) -> bytes:
    """Return the document as UTF-8 JSON without blanks, as Amazon sends it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a JSON answer with these further headers."""
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, to_json(document))


def compressed(answer: Answer, request: Request) -> Answer:
    """Return the answer gzipped where the caller takes that and it is worth it."""
    if "gzip" not in request.headers.get("accept-encoding", "") or len(answer.body) < LEAST_COMPRESSED:
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, headers=headers, body=gzip.compress(answer.body, 1, mtime=0))
