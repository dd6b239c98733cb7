"""What the APIs of a Selling Partner host have in common: operations, usage plans, refusals."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.http_messages import Answer, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.records import Grant


@dataclass(frozen=True)
class Operation:
    """One operation with its usage plan (calls a second, burst) [doc] and what carries it out."""

    name: str
    rate: float
    burst: int
    carry_out: Callable[[Request, Grant], Answer]


class Refused(Exception):
    """The request is not one that the operation takes; `answer` says so as Amazon would."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.outcome)


def invalid(why: str) -> Refused:
    """Return the refusal of a parameter."""
    return Refused(known("spApi.invalidInput", why=why))


def missing(what: str) -> Refused:
    """Return the refusal for something that is not there."""
    return Refused(known("spApi.notFound", why=what))


def json_object(request: Request) -> dict[str, Any]:
    """Return the request's body as a JSON object. Raise Refused."""
    if request.content_type != "application/json":
        raise invalid("The content type must be application/json.")
    try:
        document = json.loads(request.body)
    except ValueError:
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise invalid("The request body is not a JSON object.")
    return document


def whole_number(text: str, name: str, least: int, most: int) -> int:
    """Return a number that was given as text. Raise Refused."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise invalid(f"{name} must be a number from {least} to {most}.")
    return int(text)
