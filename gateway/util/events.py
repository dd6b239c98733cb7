"""What the gateway logs: events, each a name and fields, by one call (structured logging).

`warning(log, "refresh_failed", grant=7, kind="throttled")`: a search for the name finds all of its kind, and
numbers stay numbers. How a line looks, `gateway/monitoring/logs.py` says.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

# Made once: `json.dumps` with arguments makes an encoder for each value.
_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Event:
    """An event as the message of a record of logging's, for handlers other than the gateway's own."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        self.name = name
        self.fields = fields

    def __str__(self) -> str:
        return readable(self.name, self.fields)


class EventHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """A handler that also takes an event as it is, without a record of logging's."""

    def write_event(self, level: int, logger: str, name: str, fields: dict[str, Any]) -> None:
        """Write an event of one of logging's levels; `fields` may be changed."""
        raise NotImplementedError


def info(log: logging.Logger, name: str, /, **fields: Any) -> None:
    """Log what happened as it should."""
    _log(log, logging.INFO, name, fields)


def warning(log: logging.Logger, name: str, /, **fields: Any) -> None:
    """Log what passes by itself, or what an operator should look at some time."""
    _log(log, logging.WARNING, name, fields)


def error(log: logging.Logger, name: str, /, **fields: Any) -> None:
    """Log what an operator has to mend."""
    _log(log, logging.ERROR, name, fields)


def critical(log: logging.Logger, name: str, /, **fields: Any) -> None:
    """Log what is lost, or stands still, until an operator acts."""
    _log(log, logging.CRITICAL, name, fields)


def as_json(value: object) -> str:
    """Write a value as JSON, of which a terminal and a reader of lines find nothing to obey."""
    return printable(_encoded(value))


def printable(text: str) -> str:
    """Write what no letter shows as JSON has it: ends of lines, colors of terminals, turned directions."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def readable(name: str, fields: Mapping[str, Any]) -> str:
    """Write an event as a line of text: the name, then `field=value` each, in quotes where it has spaces."""
    parts = [name]
    for field, value in fields.items():
        kind = type(value)
        if kind is str:
            is_plain = value and value.isprintable() and " " not in value and '"' not in value
        else:
            is_plain = kind is int or kind is float
        parts.append(f"{field}={value if is_plain else as_json(value)}")
    return " ".join(parts)


def _log(log: logging.Logger, level: int, name: str, fields: dict[str, Any]) -> None:
    """Log an event by `log.log` only where others than an EventHandler listen, too.

    `log` has neither handlers nor filters of its own.
    """
    if not log.isEnabledFor(level):
        return
    listening = logging.root.handlers
    if len(listening) == 1 and isinstance(listening[0], EventHandler):
        # Without a record of where, in which thread and so on, which costs three times as much as the line.
        listening[0].write_event(level, log.name, name, fields)
    else:
        log.log(level, Event(name, fields))
