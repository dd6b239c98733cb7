"""What Amazon answered to a call, as a script's document, or as the failure that it is.

A refusal names its cause, a row of the table in references/permissions.md.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from linkfox_client.amazon import refusals
from linkfox_client.amazon.refusals import Refusal
from linkfox_client.cli import output
from linkfox_client.errors import ClientError
from linkfox_client.gateway.calls import whole_number
from linkfox_client.text import cleaned

# Of the gateway's fields about an answer, those that are told.
TOLD = ("httpStatus", "contentType", "requestId", "rateLimit", "retryAfter", "notes")

# How many fields within each other lead to a list of Amazon's at most: `payload`, `Orders`.
LEVELS = 4


def about(fields: Mapping[str, Any], *, sandbox: bool) -> dict[str, Any]:
    """Return what the gateway tells of an answer, without its body; what it does not tell is left out."""
    document = {name: fields[name] for name in TOLD if fields.get(name) is not None}
    return document | ({"sandbox": True} if sandbox else {})


def with_body(document: dict[str, Any], body: bytes, *, reads: bool) -> dict[str, Any]:
    """Return the document with the body: parsed where it is JSON, cut where the whole would be too long.

    Of a JSON body its longest list is cut, so that what stands beside that, such as the token of the next
    page, is there. `reads`: whether the call may be made again to have it whole.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        note = "The body is no text: --output-file PATH writes it to a file."
        return _noted(document | {"body": None, "bytes": len(body)}, note)
    parsed = _parsed(text)
    whole = document | {"body": parsed}
    if len(text) <= output.LONGEST_DOCUMENT and _fits(whole):
        return whole
    again = "--output-file PATH writes it whole to a file" + ("." if reads else ", where it may be repeated.")
    cut = document | {"body": "", "bodyCharacters": len(text)}
    return _with_short_list(cut, parsed, again) or _with_start(cut, text, again)


def _with_short_list(document: dict[str, Any], body: Any, again: str) -> dict[str, Any] | None:
    """Return the document with a body whose longest list is cut; None where that would not do."""
    path, listed = _longest_list(body)
    if path is None or len(output.one_line(_replaced(body, path, []))) > output.LONGEST_DOCUMENT:
        return None
    where = ".".join(path) or "that the body is"
    shown = used = 0
    while shown < len(listed) and used < output.LONGEST_DOCUMENT:
        used += len(output.one_line(listed[shown]))
        shown += 1
    while shown > 0:
        note = f"Of the list {where} the first {shown} of {len(listed)} are shown: {again}"
        short = _noted(document | {"body": _replaced(body, path, listed[:shown])}, note)
        if _fits(short):
            return short
        shown = min(shown - 1, shown * 9 // 10)
    return None


def _with_start(document: dict[str, Any], text: str, again: str) -> dict[str, Any]:
    """Return the document with the start of a body that can be cut nowhere else."""
    cut = _noted(document, f"The body was cut: {again}")
    shown = text[: output.LONGEST_DOCUMENT]
    while not _fits(cut | {"body": shown}):
        shown = shown[: len(shown) * 9 // 10]
    return cut | {"body": shown}


def _fits(document: dict[str, Any]) -> bool:
    return len(output.rendered({"ok": True, **document})) <= output.LONGEST_DOCUMENT


def _longest_list(body: Any, depth: int = LEVELS) -> tuple[tuple[str, ...] | None, list[Any]]:
    """Return the list with the most entries, and the names of the fields that lead to it; None for none."""
    if isinstance(body, list):
        return (), body
    found: tuple[tuple[str, ...] | None, list[Any]] = (None, [])
    if isinstance(body, dict) and depth > 0:
        for name, value in body.items():
            path, listed = _longest_list(value, depth - 1)
            if path is not None and len(listed) > len(found[1]):
                found = ((name, *path), listed)
    return found


def _replaced(body: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return a copy of `body` with another value where `path` leads to."""
    return {**body, path[0]: _replaced(body[path[0]], path[1:], value)} if path else value


def failure(
    refusal: Refusal, fields: Mapping[str, Any], document: dict[str, Any], rate: float | None
) -> ClientError:
    """Return the failure that an answer without success is.

    `fields`: what the gateway told of it; `document`: what stands beside the error; `rate`: calls a second
    that Amazon publishes for the operation.
    """
    told = fields.get("cause")
    cause = refusals.explain(refusal, told if isinstance(told, str) else None)
    called = f"{refusal.method} /{refusal.path.strip('/')}"
    message = f"Amazon answered {refusal.status} to {called}{_said(refusal.body)}"
    if cause is not None:
        document = {"cause": cause.cause, **document}
    if refusal.status == 429:
        pause = _pause(fields, rate)
        hint = f"Wait {pause} seconds, then run the command again."
        return ClientError("throttled", message, hint, retryable=True, fields=document, retry_after=pause)
    if cause is not None:
        return ClientError(cause.code, message, cause.hint, fields=document)
    if refusal.status == 501 and document.get("sandbox"):
        hint = "The stand-in Amazon cannot play this operation; nothing is wrong with the call."
        return ClientError("amazon_failed", message, hint, fields=document)
    if refusal.status >= 500:
        hint = "Run the command again in a minute."
        if refusal.method != "GET":
            hint = "Look first whether it took effect; if not, run the command again in a minute."
        return ClientError("amazon_failed", message, hint, retryable=True, fields=document)
    hint = "Correct the call by what Amazon says in the message and in `body`."
    return ClientError("amazon_failed", message, hint, fields=document)


def _pause(fields: Mapping[str, Any], rate: float | None) -> int:
    """Return the seconds to wait after a 429: as Amazon asks, else by the published rate, else a minute."""
    asked = whole_number(fields.get("retryAfter"))
    if asked is not None:
        return asked
    return math.ceil(1 / rate) if rate else 60


def _said(body: bytes) -> str:
    """Return what an error of Amazon's says, as the end of a sentence; empty where it says nothing."""
    parsed = _parsed(body[: refusals.LONGEST_REFUSAL].decode("utf-8", "replace"))
    errors = parsed.get("errors") if isinstance(parsed, dict) else None
    error = errors[0] if isinstance(errors, list) and errors else parsed
    if not isinstance(error, dict):
        return ""
    code = cleaned(error.get("code"))
    words = (cleaned(error.get(name)) for name in ("message", "details", "detail"))
    said = " ".join(word for word in words if word)
    return "".join(f": {part}" for part in (code, said) if part)


def _noted(document: dict[str, Any], note: str) -> dict[str, Any]:
    return document | {"notes": [*document.get("notes", ()), note]}


def _parsed(text: str) -> Any:
    """Return what a JSON text holds; as it is where it is none, or holds what JSON cannot."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return text


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
