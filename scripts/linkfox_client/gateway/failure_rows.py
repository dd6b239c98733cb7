"""Which row of references/errors.json explains a failure.

The `reason` that the self-hosted gateway names; else its words; else the number. The hosted gateway and what
stands before it tell a failure under several names, often in Chinese, and with a number that says little.
`references/gateway-words.json` is the one table of their words; the first of its patterns that is found
counts.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from linkfox_client.errors import Reason, find_reason
from linkfox_client.paths import REFERENCES

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
# The fields by which gateways say what happened, in the order in which they are passed on.
SAID_FIELDS = ("error", "errmsg", "msg", "message", "error_description", "detail")
LONGEST = 600
# The fields of a call that hold a name of the user's own choosing.
NAME_FIELDS = ("sellerName", "accountName")
_QUOTED = re.compile("“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》")


def said_in(fields: Mapping[str, Any]) -> str:
    """Return what an answer says in words, each text once; empty where it says nothing."""
    texts: list[str] = []
    for name in SAID_FIELDS:
        text = fields.get(name)
        if name == "error" and isinstance(text, Mapping):
            text = said_in(text)
        if isinstance(text, str) and text and not any(text in other for other in texts):
            texts.append(text)
    return ": ".join(texts)[:LONGEST]


def without_names(said: str, sent: Mapping[str, Any]) -> str:
    """Return a sentence without the names that the call sent, `sent` being its fields: they mean nothing."""
    for name in (sent.get(field) for field in NAME_FIELDS):
        if isinstance(name, str) and name.strip():
            said = said.replace(name.strip(), " ")
    return said


def row_of(status: int, code: int | None, document: Mapping[str, Any], said: str, *, hosted: bool) -> Reason:
    """Return the row that explains an answer's failure.

    `status` is HTTP's, `code` the answer's own number, `said` its words. LookupError where a row is missing.
    """
    named = find_reason(document.get("reason"))
    if named is not None:
        return named
    # A gateway of one's own that is newer than these scripts has reasons that they do not know.
    in_words = None if document.get("reason") else _reason_in(said)
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
    reason = _reason_in(said)
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


def _reason_in(said: str) -> str | None:
    """Return the reason, a row of references/errors.json, that these words mean; None for any others.

    A name in quotation marks means nothing; a word's separators do not matter.
    """
    unquoted = _QUOTED.sub(" ", said)
    plain = re.sub(r"[\s_]+", " ", unquoted if re.search(r"\w", unquoted) else said).strip()
    if not plain:
        return None
    rows = json.loads((REFERENCES / "gateway-words.json").read_text(encoding="utf-8"))
    return next((row["reason"] for row in rows if re.search(row["pattern"], plain, re.IGNORECASE)), None)
