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
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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


def redacted(text: str) -> str:
    """Return a text with everything masked that has the shape of a secret."""
    # Hardly any line holds one, and to look for a fixed text costs a tenth of what the patterns do.
    folded = text.casefold()
    if "code=" in folded or "state=" in folded or "secret=" in folded or "token=" in folded:
        text = _PARAMETERS.sub(r"\1***", text)
    if "Atz" in text or "Atn" in text or "lfx_local_" in text or "amzn1.oa2-cs." in text:
        text = _TOKENS.sub(lambda match: masked(match.group()), text)
    return text


def in_request(request_id: str) -> None:
    """Let every line that is logged from now on in this context carry the request's id."""
    _request_id.set(request_id)


def fields(**values: Any) -> dict[str, Any]:
    """Return the `extra` of a logging call whose line carries these fields."""
    return {"fields": values}


def formatter(form: LogFormat = "text") -> logging.Formatter:
    """Return what makes a line of a record, traceback included; locals are never shown."""
    return _JsonLines() if form == "json" else _TextLines()


def set_up_logging(form: LogFormat = "text", data_dir: Path | None = None, level: int = logging.INFO) -> None:
    """Send all logging of this process to standard error. `data_dir`: where a log in the background lies."""
    handler = _CappedHandler(None if data_dir is None else data_dir / LOG_FILE)
    handler.setFormatter(formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # No line names these, and to find them out costs more than to write it (logging's HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Alembic and urllib3 tell every step at this level; uvicorn only its start and stop.
    for name in ("alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Lines(logging.Formatter):
    """Makes a line of a record; whatever came in by which way soever, it leaves masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line that is written."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        known = dict(getattr(record, "fields", ()))
        for name in _SECRET_FIELDS.intersection(known):
            # Whatever it looks like.
            known[name] = "***"
        request_id = _request_id.get()
        if request_id is not None:
            known["request_id"] = request_id
        exception = self.formatException(record.exc_info) if record.exc_info else None
        return redacted(self._line(record, moment, known, exception))

    def _line(
        self, record: logging.LogRecord, moment: str, known: dict[str, Any], exception: str | None
    ) -> str:
        raise NotImplementedError


class _TextLines(_Lines):
    def _line(
        self, record: logging.LogRecord, moment: str, known: dict[str, Any], exception: str | None
    ) -> str:
        line = f"{moment} {record.levelname} {record.name} {record.getMessage()}"
        for name, value in known.items():
            line += f" {name}={value}"
        return f"{line}\n{exception}" if exception else line


class _JsonLines(_Lines):
    def _line(
        self, record: logging.LogRecord, moment: str, known: dict[str, Any], exception: str | None
    ) -> str:
        document = {
            "event": record.getMessage(),
            **known,
            "timestamp": moment,
            "level": record.levelname,
            "logger": record.name,
        }
        if exception:
            document["exception"] = exception
        return json.dumps(document, ensure_ascii=False, default=str)


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
