"""The failures that a script reports: their codes, their exit codes, and the table that explains them.

`references/errors.json` is the one table of what the gateway's `reason`s mean; the hint shown to a person
always comes from it or from this project's own code, never from text that came over the network.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from linkfox_client.paths import REFERENCES
from linkfox_client.text import cleaned

# Of what there is to choose from so many are shown; `candidatesTotal` says how many there are.
MOST_CANDIDATES = 10
SEE_HELP = "Run the command with --help to see how it is called."
EXIT_CODES = {
    "internal": 1,
    "bad_arguments": 2,
    "not_set_up": 3,
    "unauthorized": 4,
    "needs_reauthorization": 4,
    "denied": 4,
    "not_found": 5,
    "ambiguous": 5,
    "gateway_failed": 6,
    "amazon_failed": 6,
    "throttled": 6,
    "suspended_app": 6,
    "authorization_failed": 6,
    "out_of_credit": 7,
    "timeout": 8,
    "expired": 8,
    "interrupted": 130,
}


class ClientError(Exception):
    """A failure that a script reports.

    `code` is a key of EXIT_CODES, `message` says what went wrong (text from outside is allowed in it), `hint`
    what to do next (text from outside is not). `fields` stand beside `error` in the document, for what must
    not be lost with the failure (a link, the stores that did work); `reason` is the row of the table, where
    the gateway's answer had one. `retry_after`: the seconds after which the gateway said that it may work.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        retryable: bool = False,
        errcode: int | None = None,
        request_id: str | None = None,
        candidates: list[Any] | None = None,
        fields: dict[str, Any] | None = None,
        reason: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable
        self.errcode = errcode
        self.request_id = request_id
        self.candidates = candidates
        self.fields = fields or {}
        self.reason = reason
        self.retry_after = retry_after

    @property
    def exit_code(self) -> int:
        """The process's exit code for this failure."""
        return EXIT_CODES[self.code]

    def error(self) -> dict[str, Any]:
        """Return the value of `error` in the document."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }
        optional = {"retryAfter": self.retry_after, "errcode": self.errcode, "requestId": self.request_id}
        error |= {name: value for name, value in optional.items() if value is not None}
        if self.candidates is not None:
            error["candidates"] = self.candidates[:MOST_CANDIDATES]
            error["candidatesTotal"] = len(self.candidates)
        return error

    def document(self) -> dict[str, Any]:
        """Return the whole failure document."""
        return {"ok": False, "error": self.error(), **self.fields}


def bad_arguments(message: str, hint: str = "") -> ClientError:
    """Return the failure of a wrong command line: nothing was called."""
    return ClientError("bad_arguments", message, hint or SEE_HELP)


def typed(script: str, *words: object) -> str:
    """Return the call of a script in the form in which hints name it: to be typed as it stands."""
    import shlex

    quoted = (shlex.quote(cleaned(str(word))) for word in words)
    return f"`{' '.join(('python3', f'scripts/{script}', *quoted))}`"


class Reason(NamedTuple):
    """One row of the table of failures. `remedies`: see `gateway/remedies.py`."""

    reason: str
    code: str
    retryable: bool
    meaning: str
    remedy: str
    remedies: Mapping[str, Sequence[str]] = MappingProxyType({})


def find_reason(reason: object) -> Reason | None:
    """Return the table's row for the `reason` that a gateway sent, or None where it has none."""
    rows = json.loads((REFERENCES / "errors.json").read_text(encoding="utf-8"))
    for row in rows:
        if row["reason"] == reason:
            return Reason(**{name: row[name] for name in Reason._fields if name in row})
    return None
