"""What a gateway's answer means: the fields of a success, or the failure to report.

Success is a 2xx whose `errcode` is absent, 0 or 200. The self-hosted gateway names the `reason` of a failure,
a row of references/errors.json; the hosted one may send a failure with HTTP 200 and a text in Chinese.
"""

import json
from typing import Any, NamedTuple

from linkfox_client.amazon.consent_link import check_link
from linkfox_client.errors import ClientError, Reason, find_reason
from linkfox_client.secrets.masking import Secrets, secrets_in, wrapped
from linkfox_client.secrets.secret import Secret
from linkfox_client.text import cleaned

MOST_CANDIDATES = 50
# Of no use when it is cut: kept whole where it may be given to a person, and else not at all.
LINK_FIELD = "authorizeUrl"
# Lists and objects within each other; the deepest answer that there is has five.
DEEPEST = 50
# With these a gateway offers to authorize again what needs it.
LINK_FIELDS = (LINK_FIELD, "authorizationId", "expiresAt")
# How the hosted gateway says that the credit is used up, whatever the code.
CREDIT_WORDINGS = (
    "积分余额不足",
    "计费不足",
    "余额不足",
    "套餐到期",
    "需充值",
    "请充值",
    "quota exceeded",
    "insufficient balance",
)
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


class Reply(NamedTuple):
    """What came over the wire: `retry_after` in seconds where the gateway named a number."""

    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None


def is_final(reply: Reply) -> bool:
    """Tell whether the gateway itself says that asking again is of no use, as while its app is suspended."""
    try:
        document = _parsed(reply.body)
    except ClientError:
        return True
    if not isinstance(document, dict):
        return False
    row = find_reason(document.get("reason"))
    return _word(document.get("status")) in STATUSES or (row is not None and not row.retryable)


def read(reply: Reply, secrets: Secrets, *, here: bool = False) -> dict[str, Any]:
    """Return the fields of a successful answer; raises ClientError for any other.

    Secret fields come as `Secret`, and are remembered; other texts are cleaned. A consent link is kept only
    where it may be given to a person; `here`: a gateway of this machine sent it, and may link to a sandbox.
    """
    document = _parsed(reply.body)
    if not isinstance(document, dict):
        raise _without_envelope(reply, secrets)
    if _is_too_deep(document):
        raise _too_deep()
    here = here and document.get("sandbox") is True
    fields = _made_safe(document, secrets, here)
    errcode = _number(document.get("errcode"))
    if 200 <= reply.status < 300 and errcode in (None, 0, 200):
        if LINK_FIELD in document:
            check_link(document[LINK_FIELD], sandbox=here)
        return _with_whole_seconds(fields)
    raise _failure(reply, document, fields, errcode)


def _parsed(body: bytes) -> Any:
    def constant(word: str) -> Any:
        raise ValueError(word)

    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        return None


def _is_too_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [item for value in level for item in (value.values() if isinstance(value, dict) else value)]
        level = [item for item in level if isinstance(item, dict | list)]
    return bool(level)


def _too_deep() -> ClientError:
    return ClientError(
        "gateway_failed",
        f"The gateway's answer is nested more than {DEEPEST} levels deep and was refused",
        "Check LINKFOX_TOOL_GATEWAY: something else may be answering at that address.",
    )


def _made_safe(document: dict[str, Any], secrets: Secrets, here: bool) -> dict[str, Any]:
    fields: dict[str, Any] = wrapped(document)
    for secret in secrets_in(fields):
        secrets.remember(secret)
    safe: dict[str, Any] = _cleaned(fields, secrets, here)
    return safe


def _cleaned(value: Any, secrets: Secrets, here: bool) -> Any:
    if isinstance(value, dict):
        return {
            cleaned(secrets.scrub(name)): item if name == LINK_FIELD else _cleaned(item, secrets, here)
            for name, item in value.items()
            if name != LINK_FIELD or _may_be_given(item, here)
        }
    if isinstance(value, list):
        return [_cleaned(item, secrets, here) for item in value]
    if isinstance(value, str):
        # Scrubbed first: a secret that was cut could not be found any more.
        return cleaned(secrets.scrub(value))
    return value


def _may_be_given(link: object, here: bool) -> bool:
    """Tell whether a consent link may be given to a person."""
    try:
        check_link(link, sandbox=here)
    except ClientError:
        return False
    return True


def _with_whole_seconds(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with `expiresIn` as a number: the hosted gateway sends it as a text."""
    seconds = _number(fields.get("expiresIn"))
    return fields if seconds is None else fields | {"expiresIn": seconds}


def _failure(
    reply: Reply, document: dict[str, Any], fields: dict[str, Any], errcode: int | None
) -> ClientError:
    said = _word(fields.get("errmsg")) or _word(fields.get("message"))
    row = _row(reply, document, errcode, said)
    candidates = fields.get("candidates")
    message = said or f"{row.meaning} (HTTP {reply.status})"
    if said and not said.isascii() and not said.startswith(row.meaning):
        message = f"{row.meaning}: {said}"
    if row.code == "throttled" and reply.retry_after is not None:
        message += f" (wait {reply.retry_after:.0f} seconds)"
    return ClientError(
        row.code,
        message,
        row.remedy,
        retryable=row.retryable,
        errcode=errcode,
        request_id=_word(fields.get("requestId")) or None,
        candidates=candidates[:MOST_CANDIDATES] if isinstance(candidates, list) else None,
        fields=_beside_the_error(row, document, fields),
        reason=row.reason,
    )


def _beside_the_error(row: Reason, document: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return what a failure tells besides.

    The sandbox mark, and the link that mends it where it may be given.
    """
    beside: dict[str, Any] = {"sandbox": True} if document.get("sandbox") is True else {}
    if row.code == "needs_reauthorization" and LINK_FIELD in fields:
        beside |= {name: fields[name] for name in LINK_FIELDS if isinstance(fields.get(name), str)}
    return beside


def _row(reply: Reply, document: dict[str, Any], errcode: int | None, said: str) -> Reason:
    """Return the row of the table that explains this failure, by its reason, wording, status or code."""
    named = find_reason(document.get("reason"))
    if named is not None:
        return named
    if any(wording in said.lower() for wording in CREDIT_WORDINGS):
        return _known("out_of_credit")
    stopped = STATUSES.get(_word(document.get("status")))
    if stopped is not None:
        return _known(stopped)
    if errcode == 1004 and (reply.status == 409 or document.get("candidates")):
        return _known("ambiguous")
    if errcode in REASON_OF_ERRCODE:
        return _known(REASON_OF_ERRCODE[errcode])
    return _by_status(errcode if errcode is not None and 400 <= errcode < 600 else reply.status)


def _by_status(status: int) -> Reason:
    if status in (401, 402):
        return _known(REASON_OF_ERRCODE[status])
    if status == 429:
        return Reason(
            "throttled",
            "throttled",
            True,
            "The gateway asks for fewer calls",
            "Wait a minute, then try again.",
        )
    if status >= 500:
        return _known("internal")
    return Reason(
        "refused",
        "gateway_failed",
        False,
        "The gateway refused the request",
        "Check LINKFOX_TOOL_GATEWAY: it has to be the gateway's address. This is neither the key nor credit.",
    )


def _without_envelope(reply: Reply, secrets: Secrets) -> ClientError:
    """Return the failure of an answer that is no JSON object: a proxy's page, a stranger, nothing at all."""
    if 300 <= reply.status < 400:
        return ClientError(
            "gateway_failed",
            f"The gateway answered with a redirect (HTTP {reply.status}), which is not followed with the key",
            "Set LINKFOX_TOOL_GATEWAY to the address that the gateway really has.",
        )
    if reply.status in (401, 402, 429):
        row = _by_status(reply.status)
        return ClientError(
            row.code, f"{row.meaning} (HTTP {reply.status})", row.remedy, retryable=row.retryable
        )
    kind = cleaned(secrets.scrub(reply.content_type), 60) or "no content type"
    start = cleaned(secrets.scrub(reply.body[:2000].decode("utf-8", "replace")), 80)
    received = f"{kind}, beginning with {start!r}" if start else f"an empty body, {kind}"
    return ClientError(
        "gateway_failed",
        f"The gateway answered something other than a JSON object (HTTP {reply.status}): {received}",
        "Check LINKFOX_TOOL_GATEWAY: something else may be answering at that address, or a proxy in between.",
        retryable=reply.status >= 500 or not reply.body,
    )


def _known(reason: str) -> Reason:
    row = find_reason(reason)
    if row is None:
        raise LookupError(f"references/errors.json has no row {reason}")
    return row


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    """Return a whole number, also where it came as a text; None for anything else."""
    if isinstance(value, Secret | bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) <= 19 and value.strip().isdecimal():
        return int(value)
    return None
