"""Which row of references/errors.json explains a failure.

The `reason` that the self-hosted gateway names; else its words, for the hosted gateway's numbers say little;
else the number.
"""

from collections.abc import Mapping
from typing import Any

from linkfox_client.errors import Reason, find_reason
from linkfox_client.gateway import wordings

# What an errcode means where no reason is given; other codes go by the HTTP status.
REASON_OF_ERRCODE = {
    401: "unauthorized",
    402: "out_of_credit",
    1002: "bad_parameter",
    1003: "amazon_failed",
    1004: "not_found",
    1005: "not_allowed",
}
STATUSES = {"needs_reauthorization": "store_revoked", "suspended_app": "suspended_app"}
# Words that say little: a number that is sure, the key's or the credit's, goes before them.
VAGUE = {"bad_parameter", "hosted_failed", "hosted_refused", "not_found"}
SURE = {401, 402}
# What the hosted gateway means by a number is another thing, and its user has no log to look into.
HOSTED_REASONS = {
    "amazon_failed": "hosted_partner_failed",
    "gateway_refused": "hosted_refused",
    "internal": "hosted_failed",
}


def row_of(status: int, code: int | None, document: Mapping[str, Any], said: str, *, hosted: bool) -> Reason:
    """Return the row that explains an answer's failure.

    `status` is HTTP's, `code` the answer's own number, `said` its words. LookupError where a row is missing.
    """
    named = find_reason(document.get("reason"))
    if named is not None:
        return named
    # A gateway of one's own that is newer than these scripts has reasons that they do not know.
    in_words = None if document.get("reason") else wordings.reason_of(said)
    if in_words in VAGUE and (code or status) in SURE:
        in_words = None
    stopped = document.get("status")
    reason = in_words or (STATUSES.get(stopped) if isinstance(stopped, str) else None)
    if reason is None and code == 1004 and (status == 409 or document.get("candidates")):
        reason = "ambiguous"
    reason = reason or REASON_OF_ERRCODE.get(code or 0)
    reason = reason or _of_status(code if code is not None and 400 <= code < 600 else status)
    return _known(HOSTED_REASONS.get(reason, reason) if hosted else reason)


def row_without_envelope(status: int, said: str) -> Reason | None:
    """Return the row that explains a failure told by a line of text, or by its status; None without one."""
    reason = wordings.reason_of(said)
    if reason is None and status in (401, 402, 429):
        reason = _of_status(status)
    return None if reason is None else _known(reason)


def hint_about_a_page(*, hosted: bool) -> str:
    """Return what to do about an answer that is something else than a gateway's."""
    if hosted:
        return "Look whether a proxy or a sign-in page stands in between. " + _known("hosted_failed").remedy
    return (
        "Check LINKFOX_TOOL_GATEWAY: something else may be answering at that address, or a proxy in between."
    )


def _of_status(status: int) -> str:
    if status in (401, 402):
        return REASON_OF_ERRCODE[status]
    if status == 429:
        return "gateway_throttled"
    if status >= 500:
        return "internal"
    return "answer_incomplete" if status < 300 else "gateway_refused"


def _known(reason: str) -> Reason:
    row = find_reason(reason)
    if row is None:
        raise LookupError(f"references/errors.json has no row {reason}")
    return row
