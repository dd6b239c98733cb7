"""Rules for faults as a test writes them; what they may say is in the package's docstring."""

import base64
from typing import Any

from amazon_sandbox import known_answers
from amazon_sandbox.control_documents import NUMBER, ControlError, fields_of
from amazon_sandbox.faults import MATCHED, Action, TokenChange


def read_rule(document: Any) -> tuple[dict[str, str], int | None, int, Action]:
    """Return match, times, skip and action of a rule as a test writes it."""
    given = fields_of(document, {"do": dict}, {"match": dict, "times": (int, type(None)), "skip": int})
    match = fields_of(given.get("match", {}), optional=dict.fromkeys(MATCHED, str))
    do = fields_of(
        given["do"],
        optional={
            "delayMs": NUMBER,
            "hold": str,
            "holdAt": str,
            "drop": str,
            "status": int,
            "headers": dict,
            "body": object,
            "bodyBase64": str,
            "answer": str,
            "cutAfterBytes": int,
            "token": dict,
        },
    )
    if do.get("drop", "before") not in ("before", "after") or do.get("holdAt", "before") not in (
        "before",
        "after",
    ):
        raise ControlError("drop and holdAt: before or after")
    if "answer" in do and not known_answers.exists(do["answer"]):
        raise ControlError("answer: section.case out of answers.json")
    if not 100 <= do.get("status", 200) <= 599:
        raise ControlError("status: 100 to 599")
    if any(not isinstance(value, str) for value in do.get("headers", {}).values()):
        raise ControlError("headers: texts")
    action = Action(
        do.get("delayMs", 0),
        do.get("hold"),
        do.get("holdAt") == "after",
        do.get("drop"),
        do.get("status"),
        do.get("headers", {}),
        _body(do),
        do.get("answer"),
        do.get("cutAfterBytes"),
        _token_change(do["token"]) if "token" in do else None,
    )
    return match, given.get("times", 1), given.get("skip", 0), action


def _body(do: dict[str, Any]) -> Any:
    """Return the body of a rule's answer: JSON, text, or bytes that were written as base64."""
    if "bodyBase64" not in do:
        return do.get("body")
    try:
        return base64.b64decode(do["bodyBase64"], validate=True)
    except ValueError:
        raise ControlError("bodyBase64: base64") from None


def _token_change(document: Any) -> TokenChange:
    given = fields_of(
        document, optional={"set": dict, "omit": list, "rotateRefreshToken": bool, "length": int}
    )
    return TokenChange(
        given.get("set", {}),
        tuple(given.get("omit", ())),
        given.get("rotateRefreshToken", False),
        given.get("length"),
    )
