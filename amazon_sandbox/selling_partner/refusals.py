"""Calls that an operation does not take, and how Amazon says so."""

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known


class Refused(Exception):
    """The call is refused; `answer` says so as Amazon would."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.outcome)


def invalid(why: str) -> Refused:
    """Return the refusal of a parameter."""
    return Refused(known("spApi.invalidInput", why=why))


def missing(what: str) -> Refused:
    """Return the refusal for something that is not there."""
    return Refused(known("spApi.notFound", why=what))
