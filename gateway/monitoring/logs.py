"""Logging to standard error: every logger of the process in one form, with what looks like a secret masked.

A line is text to read, or a JSON object with `time`, `level`, `logger`, `event` and its fields. Lines of a
request carry its id and that of its trace. Where standard error is the file of a gateway in the background,
it is kept from growing without bound.
"""

import logging
import os
import re
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.monitoring.repeats import Repeats
from gateway.settings.kinds import LogFormat
from gateway.util import trace_context
from gateway.util.api_key import PREFIX as KEY_PREFIX
from gateway.util.events import Event, EventHandler, as_json, printable, readable
from gateway.util.secret import LWA_PREFIX, STAND_IN_PREFIX, masked

LOG_FILE = "gateway.log"
LARGEST_LOG = 10 * 1024 * 1024
# Asking for the size of the file costs more than most lines do.
LINES_BETWEEN_LOOKS = 200
# The event of what others than the gateway log, such as its libraries: a sentence, in `message`.
MESSAGE = "log"
# The event that tells of failures which do not come any more.
OVER = "failure_over"

_TOKENS = re.compile(
    rf"{LWA_PREFIX}[^\s\"'&,;)}}\]]+|(?:{KEY_PREFIX}|{STAND_IN_PREFIX})[\w-]+|amzn1\.oa2-cs\.[\w.-]+"
)
_PARAMETERS = re.compile(
    r"(?i)\b((?:spapi_oauth_code|code|state|client_secret|refresh_token|access_token)=)[^\s\"'&]+"
)
_SECRET_FIELDS = frozenset(
    {
        "access_token",
        "accessToken",
        "authorization",
        "client_secret",
        "clientSecret",
        "code",
        "cookie",
        "key",
        "password",
        "refresh_token",
        "refreshToken",
        "secret",
        "state",
        "token",
    }
)


def redacted(text: str) -> str:
    """Return a text with everything masked that has the shape of a secret."""
    # Hardly any line holds one, and to look for a fixed text costs a tenth of what the patterns do.
    folded = text.casefold()
    if "code=" in folded or "state=" in folded or "secret=" in folded or "token=" in folded:
        text = _PARAMETERS.sub(r"\1***", text)
    if "At" in text or "lfx" in text or "amzn1.oa2-cs." in text:
        text = _TOKENS.sub(lambda match: masked(match.group()), text)
    return text


def formatter(form: LogFormat = "text") -> "_Lines":
    """Return what makes a line of a record, traceback included; locals are never shown."""
    return _JsonLines() if form == "json" else _TextLines()


def set_up_logging(
    form: LogFormat = "text", data_dir: Path | None = None, monotonic: Callable[[], float] = time.monotonic
) -> None:
    """Send all logging of this process to standard error. `data_dir`: where a log in the background lies."""
    path = None if data_dir is None else data_dir / LOG_FILE
    handler = _CappedHandler(path, formatter(form), Repeats(monotonic))
    handler.setFormatter(handler.lines)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # Python's own warnings would be text in a log of JSON.
    logging.captureWarnings(True)
    # No line names these, and to find them out costs more than to write it (logging's HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Alembic and urllib3 tell every step at this level; uvicorn only its start and stop.
    for name in ("alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Lines(logging.Formatter):
    """Makes a line of a record; whatever came in by which way soever, it leaves masked."""

    def __init__(self) -> None:
        super().__init__()
        # The second of the last line, and how it is written.
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line that is written."""
        return self.line(record.created, record.levelno, record.name, *self.event_of(record))

    def event_of(self, record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
        """Return a record's event by name, with its fields; of a library's that is its sentence."""
        if isinstance(record.msg, Event):
            name, fields = record.msg.name, dict(record.msg.fields)
        else:
            try:
                said = record.getMessage()
            except Exception:  # its values do not fit into it
                said = str(record.msg)
            name, fields = MESSAGE, {"message": said.rstrip()}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return name, fields

    def line(self, at: float, level: int, logger: str, name: str, fields: dict[str, Any]) -> str:
        """Return a line of its parts. `at`: epoch seconds; `fields` is changed."""
        if not _SECRET_FIELDS.isdisjoint(fields):
            for field in _SECRET_FIELDS.intersection(fields):
                # Whatever it looks like.
                fields[field] = "***"
        if None in fields.values():
            fields = {field: value for field, value in fields.items() if value is not None}
        request = trace_context.current()
        if request is not None:
            # A request's id is that of its span, so that whoever was told it finds the trace.
            fields["requestId"] = request.span_id
            fields["traceId"] = request.trace_id
        return redacted(self._line(self._moment(at), logging.getLevelName(level), logger, name, fields))

    def _moment(self, at: float) -> str:
        """Write a time by RFC 3339. Most lines come in the same second as the one before."""
        second, milliseconds = divmod(int(at * 1000), 1000)
        known, text = self._second
        if second != known:
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = (second, text)
        return f"{text}.{milliseconds:03d}Z"

    def _line(self, moment: str, level: str, logger: str, name: str, fields: dict[str, Any]) -> str:
        raise NotImplementedError


class _TextLines(_Lines):
    def _line(self, moment: str, level: str, logger: str, name: str, fields: dict[str, Any]) -> str:
        exception: str = fields.pop("exception", "")
        said = readable(name if name != MESSAGE else printable(fields.pop("message")), fields)
        if not exception:
            return f"{moment} {level} {logger} {said}"
        # What goes on over several lines is set in: else a text in it could pass for a line of the log.
        lines = (f"\n  {printable(line)}" for line in exception.split("\n") if line)
        return "".join((f"{moment} {level} {logger} {said}", *lines))


class _JsonLines(_Lines):
    def _line(self, moment: str, level: str, logger: str, name: str, fields: dict[str, Any]) -> str:
        document = {"time": moment, "level": level, "logger": logger, "event": name, **fields}
        return as_json(document)


class _CappedHandler(EventHandler):
    """Writes to standard error; where that is the file `path`, moves it to `path`.1 when it has grown large.

    The file stays open in other processes, too, so it is copied and emptied rather than renamed.
    """

    def __init__(self, path: Path | None, lines: _Lines, repeats: Repeats) -> None:
        super().__init__(sys.stderr)
        self.lines = lines
        self._repeats = repeats
        self._path = path if path is not None and _is_standard_error(path) else None
        self._written = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line; logging holds the lock."""
        self._tell(record.created, record.levelno, record.name, *self.lines.event_of(record))

    def write_event(self, level: int, logger: str, name: str, fields: dict[str, Any]) -> None:
        """Write an event."""
        assert self.lock is not None, "every handler makes one"
        with self.lock:
            self._tell(time.time(), level, logger, name, fields)

    def _tell(self, at: float, level: int, logger: str, name: str, fields: dict[str, Any]) -> None:
        """Write an event unless it repeats one that was told, and what is over by now."""
        for over in self._repeats.over():
            # It is of no request: an empty context has none.
            Context().run(self._write, at, logging.INFO, __name__, OVER, over)
        if self._repeats.is_told(name, fields):
            self._write(at, level, logger, name, fields)

    def _write(self, at: float, level: int, logger: str, name: str, fields: dict[str, Any]) -> None:
        """Write a line. What cannot be written is left out, as logging has it."""
        line = self.lines.line(at, level, logger, name, fields)
        try:
            # Python's standard error keeps no whole line back.
            self.stream.write(line + self.terminator)
        except (OSError, ValueError):  # a full disk, a reader that is gone, and a closed stream
            return
        self._look()

    def _look(self) -> None:
        """Look now and then whether the file has grown large."""
        if self._path is None:
            return
        self._written += 1
        if self._written % LINES_BETWEEN_LOOKS == 0:
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
