"""Amazon's answers by name, out of answers.json: one place for statuses, headers and bodies."""

import json
import secrets
import string
import uuid
from email.utils import formatdate
from pathlib import Path
from typing import Any

from amazon_sandbox.http_messages import Answer, to_json

_TABLE: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("answers.json").read_text("utf-8"))
_CALLED = ("tokenEndpoint", "spApi", "adsApi", "sponsoredProducts", "adsReports")
_RID_LETTERS = string.ascii_uppercase + string.digits

CONSENT_ERRORS: dict[str, str] = _TABLE["consentErrors"]


class Refused(Exception):
    """The call is refused; `answer` says so as Amazon would."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.outcome)


def exists(name: str) -> bool:
    """Tell whether `section.case` is a row of answers.json that can be answered."""
    section, _, case = name.partition(".")
    return section in _CALLED and case in _TABLE[section] and case != "_headers"


def known(name: str, /, document: Any = None, **values: str) -> Answer:
    """Return the answer called `section.case`, its placeholders filled from `values`.

    `document` is the JSON body of a case that has none of its own. Raise KeyError for an unknown name.
    """
    section, _, case = name.partition(".")
    row = _TABLE[section][case]
    filled = {
        "requestId": str(uuid.uuid4()),
        "rid": "".join(secrets.choice(_RID_LETTERS) for _ in range(20)),
        "date": formatdate(usegmt=True),
        "opaque": secrets.token_urlsafe(24),
        **values,
    }
    headers = _fill({**_TABLE[section]["_headers"], **row.get("headers", {})}, filled)
    if "text" in row:
        return Answer(row["status"], headers, row["text"].encode(), case)
    content = document if document is not None else _fill(row.get("body"), filled)
    if content is None:
        return Answer(row["status"], headers, b"", case)
    return Answer(row["status"], headers, to_json(content), case)


def _fill(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _fill(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [_fill(value, values) for value in part]
    if isinstance(part, str) and "{" in part:
        for name, value in values.items():
            part = part.replace("{" + name + "}", value)
    return part
