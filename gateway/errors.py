"""Everything that can be said to have gone wrong: to a caller (Problem) and to an operator (OperatorError).

A Problem is raised by its reason; its code, status and wording come from the one table
`references/errors.json`, so that the documents and the scripts, which read the same table, always agree.
An OperatorError ends a command of the gateway's own command line, with an exit code.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.util.command_names import as_called_here
from gateway.util.paths import REFERENCES

TABLE_FILE = REFERENCES / "errors.json"
# A field of the answer; of a list all, or the first.
_FIELD = re.compile(r"\{(\w+)(\[0\])?\}")


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One row of the table. `remedy` is what to do, in words that people and the skill's scripts understand.

    `on_wire`: the same for programs in any language, the sentence that says most first; words in braces are
    the fields of the answer. All of it is fixed text, never anything from outside.
    """

    reason: str
    errcode: int
    http_status: int
    code: str
    retryable: bool
    meaning: str
    remedy: str
    on_wire: tuple[str, ...]

    def hint(self, known: Mapping[str, Any]) -> str:
        """Return what a caller does about it: the first sentence whose fields are all in `known`."""
        for sentence in self.on_wire:
            if all(known.get(field) for field, _ in _FIELD.findall(sentence)):
                return _FIELD.sub(lambda found: _words(known[found[1]], is_first=bool(found[2])), sentence)
        return self.remedy


def _words(value: Any, *, is_first: bool) -> str:
    """Return a field in words; `is_first`: of a list the first alone."""
    if is_first:
        return str(value[0])
    return " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _table() -> dict[str, ProblemRow]:
    rows = json.loads(TABLE_FILE.read_text(encoding="utf-8"))
    return {
        row["reason"]: ProblemRow(
            reason=row["reason"],
            errcode=row["errcode"],
            http_status=row["httpStatus"],
            code=row["code"],
            retryable=row["retryable"],
            meaning=row["meaning"],
            remedy=as_called_here(row["remedy"]),
            on_wire=tuple(map(as_called_here, row.get("onWire", ()))),
        )
        for row in rows
        if "scriptsOnly" not in row  # what scripts make of another gateway's answer
    }


TABLE = _table()


class Problem(Exception):
    """A failure that the caller is told about.

    `reason` names a row of the table (KeyError where it does not). `detail`: one line, safe to show.
    `extra`: further fields of the envelope, such as `status` or `candidates`. `headers`: of the answer.
    `retry_after`: in so many seconds it may be over; in whole ones it stands in the field `retryAfter` and in
    the header Retry-After (RFC 9110, section 10.2.3).
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.row = TABLE[reason]
        self.reason = reason
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        if retry_after is not None:
            seconds = max(1, math.ceil(retry_after))
            self.extra["retryAfter"] = seconds
            self.headers["Retry-After"] = str(seconds)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What happened, on one line."""
        return f"{self.row.meaning}: {self.detail}" if self.detail else self.row.meaning

    @property
    def hint(self) -> str:
        """What to do about it, with the fields of the answer filled in."""
        return self.row.hint(self.extra)

    def envelope(self, request_id: str) -> dict[str, Any]:
        """Return the error document of the contract."""
        return {
            "errcode": self.row.errcode,
            "errmsg": self.message,
            "reason": self.reason,
            "code": self.row.code,
            "retryable": self.row.retryable,
            "hint": self.hint,
            "requestId": request_id,
            **self.extra,
        }


Code = Literal["bad_arguments", "not_set_up", "not_found", "gateway_failed", "interrupted", "internal"]
EXIT_CODES: dict[Code, int] = {
    "internal": 1,
    "bad_arguments": 2,
    "not_set_up": 3,
    "not_found": 5,
    "gateway_failed": 6,
    "interrupted": 130,
}


class OperatorError(Exception):
    """A failure in words: what is wrong (`message`) and what to do (`hint`), each one line without secrets.

    `code` is the contract's; `retryable`: the same command may work in a moment, with nothing changed.
    `reason` names the failure for a program that can say more about it.
    """

    code: Code = "gateway_failed"

    def __init__(
        self,
        message: str,
        hint: str,
        code: Code | None = None,
        *,
        retryable: bool = False,
        reason: str | None = None,
    ) -> None:
        self.message = message
        self.hint = as_called_here(hint)
        super().__init__(f"{message}. {self.hint}")
        self.code = code or self.code
        self.retryable = retryable
        self.reason = reason

    def document(self) -> dict[str, object]:
        """Return the one JSON document that tells it on standard output."""
        error = {"code": self.code, "message": self.message, "hint": self.hint, "retryable": self.retryable}
        return {"ok": False, "error": error | ({"reason": self.reason} if self.reason else {})}
