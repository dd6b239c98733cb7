"""How the Selling Partner API refuses a parameter, and what is not there."""

from amazon_sandbox.known_answers import Refused, known


def invalid(why: str) -> Refused:
    """Return the refusal of a parameter."""
    return Refused(known("spApi.invalidInput", why=why))


def missing(what: str) -> Refused:
    """Return the refusal for something that is not there."""
    return Refused(known("spApi.notFound", why=what))
