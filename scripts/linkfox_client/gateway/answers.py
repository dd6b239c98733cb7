"""What a gateway's answer means: the fields of a success, or the failure to report.

Success is a 2xx whose `errcode` (else `code`) is absent, 0 or 200, and which holds what was asked for
(`calls.py`). The self-hosted gateway names the `reason` of a failure, a row of references/errors.json; the
hosted one may send a failure with HTTP 200 and a text in Chinese, whose words go before its numbers
(`failure_rows.py`).
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from linkfox_client.amazon.consent_link import check_link
from linkfox_client.errors import ClientError, Reason, find_reason
from linkfox_client.gateway import failure_rows, lwa_refusals
from linkfox_client.gateway.calls import lacking, whole_number
from linkfox_client.secrets.masking import Secrets, secrets_in, wrapped
from linkfox_client.text import cleaned

# Of no use when it is cut: kept whole where it may be given to a person, and else not at all.
LINK_FIELD = "authorizeUrl"
# Lists and objects within each other; the deepest answer that there is has five.
DEEPEST = 50
# With these a gateway offers to authorize again what needs it.
LINK_FIELDS = (LINK_FIELD, "authorizationId", "expiresAt")
# What it says of the store or ads account that needs it; `failures` name each where several were asked for.
WHOSE = ("sellerId", "sellerName", "region", "authRecordId", "accountName")
SUCCESSES = (None, 0, 200)
PLAIN_WORD = re.compile(r"[a-z0-9]{1,20}", re.ASCII)


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
    return _word(document.get("status")) in failure_rows.STATUSES or (row is not None and not row.retryable)


def read(
    reply: Reply,
    secrets: Secrets,
    path: str,
    sent: Mapping[str, Any],
    *,
    here: bool = False,
    hosted: bool = False,
    sandbox: bool = False,
) -> dict[str, Any]:
    """Return the fields of a successful answer to `path`; raises ClientError for any other.

    `sent`: the fields of the call, whose names are not read for a meaning where the answer repeats them.
    Secret fields come as `Secret`, and are remembered; other texts are cleaned. A consent link is kept only
    where it may be given to a person; `here`: a gateway of this machine sent it, and may link to a sandbox;
    `hosted`: the hosted gateway sent it, whose user has neither its log nor a setting for it. `sandbox`: a
    former answer of the gateway's was a sandbox's.
    """
    document = _parsed(reply.body)
    if not isinstance(document, dict):
        raise _without_envelope(reply, secrets, document, hosted)
    if _is_too_deep(document):
        raise _too_deep()
    if path == lwa_refusals.PATH:
        document = lwa_refusals.in_the_gateways_words(document, sandbox=sandbox)
    here = here and document.get("sandbox") is True
    fields = _made_safe(document, secrets, here)
    if not 200 <= reply.status < 300 or not _claims_success(document):
        raise _failure(reply, document, fields, sent, hosted)
    if document.get(LINK_FIELD):
        check_link(document[LINK_FIELD], sandbox=here)
    lacks = lacking(path, fields)
    if lacks is not None:
        raise _failure(reply, document, fields, sent, hosted, f"The gateway's answer holds no {lacks}")
    return _with_whole_seconds(fields)


def _claims_success(document: dict[str, Any]) -> bool:
    """Tell whether an answer says of itself that the call worked, or nothing to the contrary."""
    if _code(document) not in SUCCESSES or document.get("success") is False:
        return False
    return "errcode" in document or not document.get("error")


def _code(document: dict[str, Any]) -> int | None:
    """Return the number by which an answer tells how the call went; `code` is what others call it."""
    return whole_number(document["errcode"] if "errcode" in document else document.get("code"))


def _parsed(body: bytes) -> Any:
    def constant(word: str) -> Any:
        raise ValueError(word)

    try:
        return json.loads(decoded(body, errors="strict"), parse_constant=constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        return None


def decoded(body: bytes, errors: str = "replace") -> str:
    """Return a body as text: UTF-8, as JSON is, else GB18030, which Chinese services also send."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030", errors)


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
    seconds = whole_number(fields.get("expiresIn"))
    return fields if seconds is None else fields | {"expiresIn": seconds}


def _failure(
    reply: Reply,
    document: dict[str, Any],
    fields: dict[str, Any],
    sent: Mapping[str, Any],
    hosted: bool,
    lacks: str = "",
) -> ClientError:
    """Return the failure that an answer tells; `lacks`: what it says that it has, and has not."""
    said = failure_rows.said_in(fields)
    words = failure_rows.without_names(said, sent)
    row = failure_rows.row_of(reply.status, _code(document), document, words, hosted=hosted)
    candidates = fields.get("candidates")
    meaning = lacks if lacks and row.reason == "answer_incomplete" else row.meaning
    message = said or (meaning if lacks else f"{meaning} (HTTP {reply.status})")
    if said and (lacks or not said.isascii()) and not said.startswith(meaning):
        message = f"{meaning}: {said}"
    retry_after = _retry_after(reply, document)
    if row.code == "throttled" and retry_after is not None:
        message += f" (wait {retry_after} seconds)"
    beside = _beside_the_error(row, document, fields)
    whose = _whose(beside)
    return ClientError(
        row.code,
        f"{whose}: {message}" if whose else message,
        row.remedy,
        retryable=row.retryable,
        errcode=_code(document),
        request_id=_word(fields.get("requestId")) or None,
        candidates=candidates if isinstance(candidates, list) else None,
        fields=beside,
        reason=row.reason,
        retry_after=retry_after,
    )


def _retry_after(reply: Reply, document: dict[str, Any]) -> int | None:
    """Return the seconds after which the gateway says that the call may work; None where it does not."""
    told = whole_number(document.get("retryAfter"))
    if told is not None and told >= 0:
        return told
    return None if reply.retry_after is None else math.ceil(reply.retry_after)


def _beside_the_error(row: Reason, document: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return what a failure tells besides.

    The sandbox mark; whose authorization has ended, and the link that mends it where it may be given; the
    regions in which a seller that was not found is authorized; which right a key lacks.
    """
    beside: dict[str, Any] = {"sandbox": True} if document.get("sandbox") is True else {}
    if row.reason == "key_lacks_right":
        beside |= _lacking_right(fields)
    if row.code == "not_found" and isinstance(fields.get("regions"), list):
        beside["regions"] = fields["regions"]
    if row.code != "needs_reauthorization":
        return beside
    beside |= {name: fields[name] for name in WHOSE if isinstance(fields.get(name), str | int)}
    if isinstance(fields.get("failures"), list):
        beside["failures"] = fields["failures"]
    if LINK_FIELD in fields:
        beside |= {name: fields[name] for name in LINK_FIELDS if isinstance(fields.get(name), str)}
    return beside


def _lacking_right(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the key's id and the right that it lacks, as far as the gateway told them in their forms."""
    needed = fields.get("neededRights")
    right = needed[0] if isinstance(needed, list) and needed else None
    told = {"keyId": fields.get("keyId"), "neededRight": right}
    return {name: word for name, word in told.items() if isinstance(word, str) and PLAIN_WORD.fullmatch(word)}


def _whose(told: dict[str, Any]) -> str:
    """Return the store or ads account that a failure names, in words; nothing where it names none."""
    name = told.get("sellerName") or told.get("accountName")
    ids = [str(told[field]) for field in ("sellerId", "region") if field in told]
    if "sellerId" not in told:
        ids = [str(told["authRecordId"])] if "authRecordId" in told else []
    if name is None or not ids:
        return str(name or ", ".join(ids))
    return f"{name} ({', '.join(ids)})"


def _without_envelope(reply: Reply, secrets: Secrets, document: Any, hosted: bool) -> ClientError:
    """Return the failure of an answer that is no JSON object: a proxy's page, a stranger, nothing at all."""
    if 300 <= reply.status < 400:
        return ClientError(
            "gateway_failed",
            f"The gateway answered with a redirect (HTTP {reply.status}), which is not followed with the key",
            failure_rows.hint_about_a_page(hosted=True)
            if hosted
            else "Set LINKFOX_TOOL_GATEWAY to the address that the gateway really has.",
        )
    text = document if isinstance(document, str) else decoded(reply.body[:2000])
    start = cleaned(secrets.scrub(text), 80)
    # A page of a site has many words in it; a line of text is what the gateway says.
    said = "" if start.startswith("<") or isinstance(document, list) else start
    row = failure_rows.row_without_envelope(reply.status, said)
    if row is not None:
        return ClientError(
            row.code,
            f"{row.meaning}: {said}" if said else f"{row.meaning} (HTTP {reply.status})",
            row.remedy,
            retryable=row.retryable,
            reason=row.reason,
            retry_after=_retry_after(reply, {}),
        )
    kind = cleaned(secrets.scrub(reply.content_type), 60) or "no content type"
    received = f"{kind}, beginning with {start!r}" if start else f"an empty body, {kind}"
    return ClientError(
        "gateway_failed",
        f"The gateway answered something other than a JSON object (HTTP {reply.status}): {received}",
        failure_rows.hint_about_a_page(hosted=hosted),
        retryable=reply.status >= 500 or not reply.body,
    )


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
