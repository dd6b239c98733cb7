"""The query of a call, read as Amazon reads it; and answers in pages.

A page's token holds the query of the call for the first page, so that what was asked for stays the same from
page to page, as Amazon has it.
"""

import base64
import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from amazon_sandbox.selling_partner.refusals import invalid

# With characters that have to be percent-encoded in a query, as Amazon's have.
_OPENING = "t+/"
Item = TypeVar("Item")


class Parameters:
    """The parameters; every reading method raises Refused (400) for a value that is not of its kind."""

    def __init__(self, query: str, now: float, token_name: str | None = None) -> None:
        """Read a query. `token_name` is the parameter that may bring a page's token; `now` in seconds."""
        self._values = parse_qs(query, keep_blank_values=True, errors="replace")
        self._start = 0
        self.at = now  # when the first page was asked for
        given = self._values.get(token_name or "", [""])[0]
        if token_name and given:
            self._values, self._start, self.at = _read_token(given, token_name)

    def text(self, name: str) -> str | None:
        """Return a parameter, None where it is missing or empty."""
        return self._values.get(name, [""])[0] or None

    def needed(self, name: str) -> str:
        """Return a parameter that must be there."""
        value = self.text(name)
        if value is None:
            raise invalid(f"{name} is missing.")
        return value

    def words(self, name: str, allowed: Collection[str] | None = None, at_most: int = 50) -> list[str]:
        """Return a list, by commas or by repeating the parameter; empty where it is missing."""
        words = [word for value in self._values.get(name, []) for word in value.split(",") if word]
        unknown = [word for word in words if allowed is not None and word not in allowed]
        if unknown:
            raise invalid(f"{name} holds a value that is not known; it takes {', '.join(allowed or ())}.")
        if len(words) > at_most:
            raise invalid(f"{name} holds more than {at_most} values.")
        return words

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number."""
        text = self.text(name)
        if text is None and name not in self._values:
            return default
        digits = text is not None and len(text) < 10 and text.isascii() and text.isdigit()
        if text is None or not (digits and least <= int(text) <= most):
            raise invalid(f"{name} must be a number from {least} to {most}.")
        return int(text)

    def flag(self, name: str) -> bool:
        """Return a boolean, False where it is missing; Amazon's own Python SDK writes `True`."""
        text = self.text(name)
        if text is not None and text.lower() not in ("true", "false"):
            raise invalid(f"{name} must be true or false.")
        return text is not None and text.lower() == "true"

    def instant(self, name: str) -> float | None:
        """Return a date and time in ISO 8601 as seconds since the epoch, None where it is missing."""
        text = self.text(name)
        if text is None and name not in self._values:
            return None
        return read_instant(text or "", name)

    def page(self, items: Sequence[Item], size: int) -> tuple[Sequence[Item], str | None]:
        """Return this page's items, and the next page's token where there is one."""
        end = self._start + size
        if end >= len(items):
            return items[self._start :], None
        return items[self._start : end], _make_token(self._values, end, self.at)


def read_instant(text: str, name: str) -> float:
    """Return a time in ISO 8601, in UTC where it names no zone, as seconds since the epoch. Raise Refused."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name} is not a date in ISO 8601.") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _make_token(values: dict[str, list[str]], start: int, at: float) -> str:
    content = json.dumps([urlencode(values, doseq=True), start, at], separators=(",", ":"))
    return _OPENING + base64.b64encode(content.encode()).decode()


def _read_token(token: str, name: str) -> tuple[dict[str, list[str]], int, float]:
    try:
        content: Any = json.loads(base64.b64decode(token.removeprefix(_OPENING), validate=True))
        query, start, at = content
        if token.startswith(_OPENING) and start >= 0:
            return parse_qs(query, keep_blank_values=True), int(start), float(at)
    except (ValueError, TypeError, AttributeError):
        pass
    raise invalid(f"{name} is not valid.")
