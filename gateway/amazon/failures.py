"""How a call to Amazon fails, in kinds that the rest of the gateway decides by.

The kinds follow the answers in `references/amazon.md`. A failure carries Amazon's own description, cleaned,
and never a request: what was sent holds secrets.
"""

import re
from typing import Any, Literal

from gateway.errors import Problem
from gateway.util.secret import LWA_PREFIX
from gateway.util.text import cleaned

FailureKind = Literal[
    "invalid_grant",
    "invalid_client",
    "unauthorized_client",
    "invalid_scope",
    "invalid_request",
    "unauthorized",
    "forbidden",
    "throttled",
    "unavailable",
    "unusable",
    "too_large",
    "secret_expired",
]

# Worth asking again, where what was asked may be asked twice.
PASSING: frozenset[FailureKind] = frozenset({"throttled", "unavailable", "unusable"})


# Amazon does not quote tokens in its descriptions; if ever it does, nobody is shown one.
TOKEN = re.compile(rf"({LWA_PREFIX})\S+")


class AmazonFailure(Exception):
    """A call to Amazon that brought nothing.

    `kind`: `unauthorized` and `forbidden` are about an access token; `throttled` is a 429; `unavailable` is
    no answer in time, a cut one or a 5xx; `unusable` is an answer that is not what the endpoint should send;
    `too_large` one of more bytes than are passed on; `secret_expired` is an API's word on the application.
    `detail`: one line, safe to show. `retry_after`: seconds, where Amazon said. `status`: of an answer that
    came whole, where the call was refused by it; None where it is not known what Amazon did.
    """

    def __init__(
        self,
        kind: FailureKind,
        detail: str = "",
        *,
        retry_after: int | None = None,
        status: int | None = None,
    ) -> None:
        self.kind: FailureKind = kind
        self.detail = TOKEN.sub(r"\1...", cleaned(detail))
        self.retry_after = retry_after
        self.status = status
        super().__init__(f"{kind}: {self.detail}" if self.detail else kind)

    @property
    def passing(self) -> bool:
        """Whether the same call may well succeed a little later."""
        return self.kind in PASSING


# What a failure of Amazon's means to somebody who asked for a token or a list.
REASONS: dict[FailureKind, str] = {
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
    if reason in {"store_revoked", "grant_of_another_client"}:
        extra["status"] = "needs_reauthorization"
    elif reason == "suspended_app":
        extra["status"] = "suspended_app"
    return Problem(reason, failure.detail, extra=extra, retry_after=failure.retry_after)
