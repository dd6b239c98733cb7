"""Logging to standard error: every logger of the process in one form, with what looks like a secret masked.

A line is text, or one JSON object. Lines that belong to a request carry its id. Where standard error is the
file of a gateway in the background, it is kept from growing without bound.
"""

import json
import logging
import os
import re
import stat
import sys
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from structlog.processors import format_exc_info
from structlog.typing import Processor

from gateway.settings.kinds import LogFormat
from gateway.util.secret import masked

LOG_FILE = "gateway.log"
LARGEST_LOG = 10 * 1024 * 1024
# Asking for the size of the file costs more than most lines do.
LINES_BETWEEN_LOOKS = 200

_TOKENS = re.compile(
    r"(?:Atz[a-z]|Atn[a-z])(?:\||%7[Cc]|\\u007[Cc])[^\s\"'&,;)}\]]+|lfx_local_[\w-]+|amzn1\.oa2-cs\.[\w.-]+"
)
_PARAMETERS = re.compile(
    r"(?i)\b((?:spapi_oauth_code|code|state|client_secret|refresh_token|access_token)=)[^\s\"'&]+"
)
_SECRET_FIELDS = frozenset(
    {
        "access_token",
        "authorization",
        "client_secret",
        "code",
        "cookie",
        "key",
        "password",
        "refresh_token",
        "secret",
        "state",
        "token",
    }
)
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

EventDict = MutableMapping[str, Any]


def redacted(text: str) -> str:
    """Return a text with everything masked that has the shape of a secret."""
    text = _PARAMETERS.sub(r"\1***", text)
    return _TOKENS.sub(lambda match: masked(match.group()), text)


def in_request(request_id: str) -> None:
    """Let every line that is logged from now on in this context carry the request's id."""
    _request_id.set(request_id)


def fields(**values: Any) -> dict[str, Any]:
    """Return the `extra` of a logging call whose line carries these fields."""
    return {"fields": values}


def formatter(form: LogFormat = "text") -> logging.Formatter:
    """Return what makes a line of a record, traceback included; locals are never shown."""
    return _Lines([_describe, _hide_fields, _json_line if form == "json" else _text_line, _redact])


def set_up_logging(form: LogFormat = "text", data_dir: Path | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to standard error. `data_dir`: where a log in the background lies."""
    handler = _CappedHandler(None if data_dir is None else data_dir / LOG_FILE)
    handler.setFormatter(formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Alembic and urllib3 tell every step at this level; uvicorn only its start and stop.
    for name in ("alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Lines(logging.Formatter):
    """Sends every record through structlog's kind of processors.

    structlog's own formatter copies each record first, which costs a request more than all the rest of it.
    """

    def __init__(self, processors: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = processors

    def format(self, record: logging.LogRecord) -> str:
        """Return the line that is written."""
        event: Any = {"event": record.getMessage(), "_record": record}
        for processor in self._processors:
            event = processor(None, record.levelname, event)
        return event


def _describe(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Add what the record and its context know beside the message."""
    record: logging.LogRecord = event.pop("_record")
    fields_given = getattr(record, "fields", None)
    if fields_given:
        event |= fields_given
    request_id = _request_id.get()
    if request_id is not None:
        event["request_id"] = request_id
    event["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    event["level"] = record.levelname
    event["logger"] = record.name
    if record.exc_info:
        event["exc_info"] = record.exc_info
        format_exc_info(None, "", event)
    return event


def _hide_fields(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Mask fields whose name says that they hold a secret, whatever they look like."""
    for name in _SECRET_FIELDS.intersection(event):
        event[name] = "***"
    return event


def _text_line(_logger: object, _method: str, event: EventDict) -> str:
    first = f"{event.pop('timestamp')} {event.pop('level')} {event.pop('logger')} {event.pop('event')}"
    exception = event.pop("exception", None)
    line = " ".join((first, *(f"{name}={value}" for name, value in event.items())))
    return f"{line}\n{exception}" if exception else line


def _json_line(_logger: object, _method: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _redact(_logger: object, _method: str, line: Any) -> Any:
    """The last processor: whatever came in by which way soever, it leaves masked."""
    return redacted(line)


class _CappedHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error; where that is the file `path`, moves it to `path`.1 when it has grown large.

    The file stays open in other processes, too, so it is copied and emptied rather than renamed.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__(sys.stderr)
        self._path = path if path is not None and _is_standard_error(path) else None
        self._lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        super().emit(record)
        if self._path is None:
            return
        self._lines += 1
        if self._lines % LINES_BETWEEN_LOOKS == 0:
            with suppress(OSError):
                self._cap(self._path)

    @staticmethod
    def _cap(path: Path) -> None:
        if path.stat().st_size <= LARGEST_LOG:
            return
        older = path.with_name(path.name + ".1")
        older.unlink(missing_ok=True)
        descriptor = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target, path.open("rb") as source:
            while chunk := source.read(1024 * 1024):
                target.write(chunk)
        os.truncate(path, 0)


def _is_standard_error(path: Path) -> bool:
    """Tell whether standard error goes to this file."""
    try:
        ours, its = os.fstat(sys.stderr.fileno()), path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(ours.st_mode) and (ours.st_dev, ours.st_ino) == (its.st_dev, its.st_ino)
