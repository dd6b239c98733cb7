"""Everything that a caller can be told went wrong, from the one table `references/errors.json`.

A Problem is raised by its reason; its code, status and wording come from the table, so that the documents and
the scripts, which read the same table, always agree.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.amazon.failures import AmazonFailure, Kind

TABLE_FILE = Path(__file__).resolve().parent.parent / "references" / "errors.json"


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One row of the table. `remedy` is what to do: fixed text, never anything from outside."""

    reason: str
    errcode: int
    http_status: int
    code: str
    retryable: bool
    meaning: str
    remedy: str


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
            remedy=row["remedy"],
        )
        for row in rows
    }


TABLE = _table()


class Problem(Exception):
    """A failure that the caller is told about.

    `reason` names a row of the table (KeyError where it does not). `detail`: one line, safe to show.
    `extra`: further fields of the envelope, such as `status` or `candidates`. `headers`: of the answer.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.row = TABLE[reason]
        self.reason = reason
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What happened, on one line."""
        return f"{self.row.meaning}: {self.detail}" if self.detail else self.row.meaning

    def envelope(self, request_id: str) -> dict[str, Any]:
        """Return the error document of the contract."""
        return {
            "errcode": self.row.errcode,
            "errmsg": self.message,
            "reason": self.reason,
            "requestId": request_id,
            **self.extra,
        }


# What a failure of Amazon's means to somebody who asked for a token or a list.
REASONS: dict[Kind, str] = {
    "invalid_grant": "store_revoked",
    "invalid_client": "suspended_app",
    "unauthorized_client": "grant_of_another_client",
    "invalid_scope": "scope_refused",
    "invalid_request": "request_refused",
    "unauthorized": "token_refused",
    "forbidden": "amazon_rejected",
    "throttled": "amazon_throttled",
    "unavailable": "amazon_failed",
    "unusable": "amazon_failed",
    "too_large": "answer_too_large",
    "secret_expired": "suspended_app",
}


def problem_of(failure: AmazonFailure) -> Problem:
    """Return the Problem that a failure of Amazon's amounts to for a caller of the JSON API."""
    reason = REASONS[failure.kind]
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if failure.retry_after is not None:
        extra["retryAfter"] = failure.retry_after
        headers["Retry-After"] = str(failure.retry_after)
    if reason in {"store_revoked", "grant_of_another_client"}:
        extra["status"] = "needs_reauthorization"
    elif reason == "suspended_app":
        extra["status"] = "suspended_app"
    return Problem(reason, failure.detail, extra=extra, headers=headers)
