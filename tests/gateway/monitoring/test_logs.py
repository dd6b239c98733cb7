"""Log lines: one form for every logger, request ids, nothing secret, and a file that stays small."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.monitoring import logs
from gateway.settings.kinds import LogFormat
from gateway.util.events import Event
from tests.support.house import ROOT

TOKEN = "Atza|" + "secretpart" * 10
TIME = r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z"


def record(message: object, *arguments: object) -> logging.LogRecord:
    """A record of some logger's."""
    return logging.LogRecord("some.library", logging.WARNING, "f", 1, message, arguments, None)


def test_an_event_in_json_has_its_fields_as_they_are() -> None:
    """One object on one line: numbers stay numbers, and a search by `event` finds it."""
    line = logs.formatter("json").format(
        record(Event("called", {"route": "/x", "status": 200, "done": True}))
    )
    assert "\n" not in line
    document = json.loads(line)
    assert re.fullmatch(TIME, document.pop("time"))
    assert document == {
        "level": "WARNING",
        "logger": "some.library",
        "event": "called",
        "route": "/x",
        "status": 200,
        "done": True,
    }


def test_what_a_library_says_is_an_event_too() -> None:
    """Its sentence is in `message`; in text it reads as it was said."""
    said = record("Started %s", "twice")
    document = json.loads(logs.formatter("json").format(said))
    assert (document["event"], document["message"]) == ("log", "Started twice")
    assert logs.formatter().format(said).split(" ", 1)[1] == "WARNING some.library Started twice"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (200, "200"),
        (True, "true"),
        ("plain/x", "plain/x"),
        ("中文店", "中文店"),
        ("two words", '"two words"'),
        ("", '""'),
        ('a "quote"', '"a \\"quote\\""'),
        ("a\nWARNING forged", '"a\\nWARNING forged"'),
        ({"EU": "throttled"}, '{"EU": "throttled"}'),
    ],
)
def test_a_line_in_text_begins_with_time_and_level(value: object, written: str) -> None:
    """A person reads time, level, logger and event, then the fields; no value begins a line of its own."""
    line = logs.formatter().format(record(Event("called", {"field": value})))
    time, rest = line.split(" ", 1)
    assert re.fullmatch(TIME, time)
    assert rest == f"WARNING some.library called field={written}"


# What ends a line, or begins a command, for some reader of logs: C0 and C1 controls, Unicode's separators,
# a turned direction, and half of a character.
NO_LETTERS = "\n\r\x1b\x7f\x85\x9b\u2028\u2029\u202e\udcff"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_in_a_line_is_obeyed(form: LogFormat) -> None:
    """Of a value, a library's sentence or an exception a terminal shows letters, and a line stays one."""
    failed = record("failed %s", NO_LETTERS)
    try:
        raise ValueError(f"no{NO_LETTERS}{TOKEN}")
    except ValueError:
        failed.exc_info = sys.exc_info()
    for made in (record(Event("called", {"store": f"店{NO_LETTERS}铺"})), record(NO_LETTERS), failed):
        first, *further = logs.formatter(form).format(made).split("\n")
        assert all(line.isprintable() for line in (first, *further))
        # A traceback goes on below its line, and passes for no line of its own.
        assert all(line.startswith("  ") for line in further)
        if form == "json":
            assert further == []
            assert NO_LETTERS.strip() in "".join(map(str, json.loads(first).values()))


def test_secrets_are_masked_by_value_and_by_name() -> None:
    """In either form, whether the secret is in the message, an argument or a field."""
    for form in ("text", "json"):
        line = logs.formatter(form).format(
            record(Event("got", {"detail": TOKEN, "clientSecret": "short", "code": "ANcode"}))
        ) + logs.formatter(form).format(record("got %s", TOKEN))
        assert "secretpart" not in line
        assert "short" not in line
        assert "ANcode" not in line


def test_an_exception_is_shown_without_its_locals() -> None:
    """The traceback names the places; values of variables may be secrets."""

    def fail(_hidden: str) -> None:
        raise ValueError("no")

    try:
        fail("-".join(["a", "local", "value"]))
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    line = json.loads(logs.formatter("json").format(made))
    assert "ValueError: no" in line["exception"]
    assert "a-local-value" not in line["exception"]


DIRECT = """\
import logging, sys
sys.path.insert(0, {root!r})
from gateway.monitoring import logs
from gateway.util import events, trace_context
logs.set_up_logging({form!r})
log = logging.getLogger("some.library")
trace_context.follow(trace_context.begun("0123456789abcdef", None))
for fields in ({{"route": "/x", "seconds": 1.5}}, {{"detail": {token!r}, "code": "AN"}}, {{}}):
    log.info(events.Event("called", dict(fields)))
    events.info(log, "called", **fields)
log.setLevel("WARNING")
events.info(log, "not wanted")
logging.root.addHandler(logging.FileHandler({path!r}))
events.info(logging.getLogger("other"), "heard by both")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_that_is_written_directly_is_that_of_a_record(form: str, tmp_path: Path) -> None:
    """In both forms, masked, with the request's id, of the same level, and heard by whoever else listens."""
    path = tmp_path / "other"
    program = DIRECT.format(root=str(ROOT), form=form, token=TOKEN, path=str(path))
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    lines = [re.sub(TIME, "NOW", line) for line in ran.stderr.splitlines()]
    assert len(lines) == 7
    assert all(line.count("NOW") == 1 for line in lines)
    assert lines[0:6:2] == lines[1:6:2]
    assert all("INFO" in line and "0123456789abcdef" in line for line in lines)
    assert "heard by both" in lines[6]
    assert "secretpart" not in ran.stderr
    assert path.read_text() == "heard by both\n"


WARNED = """\
import logging, sys, warnings
sys.path.insert(0, {root!r})
from gateway.monitoring import logs
logs.set_up_logging("json")
warnings.warn("an option will go")
logging.getLogger("some.library").warning("%d of %s", "does not fit")
logging.getLogger("uvicorn.error").info("Waiting for %s", "requests")
"""


def test_whatever_a_library_says_is_one_object_a_line() -> None:
    """Python's warnings, and a sentence that its values do not fit into, too."""
    program = WARNED.format(root=str(ROOT))
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["py.warnings", "some.library", "uvicorn.error"]
    assert all(line["event"] == "log" for line in lines)
    assert lines[0]["message"].endswith("UserWarning: an option will go")
    assert [line["message"] for line in lines[1:]] == ["%d of %s", "Waiting for requests"]


PROGRAM = """\
import logging, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from gateway.monitoring import logs
logs.LARGEST_LOG = 20_000
logs.set_up_logging("text", Path({folder!r}))
for number in range(3100):
    logging.getLogger("x").info("line %d", number)
"""


def test_the_log_in_the_background_does_not_grow_without_bound(tmp_path: Path) -> None:
    """Beyond its size the older lines are in gateway.log.1, the owner's alone, and the file begins anew."""
    path = tmp_path / "gateway.log"
    with path.open("ab") as log:
        program = PROGRAM.format(root=str(ROOT), folder=str(tmp_path))
        subprocess.run([sys.executable, "-c", program], stderr=log, check=True)
    older = tmp_path / "gateway.log.1"
    assert path.stat().st_size < 60_000
    assert older.stat().st_size < 60_000
    assert older.stat().st_mode & 0o077 == 0
    assert "line 3099" in path.read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gateway.log", "gateway.log.1"]


def test_a_log_that_somebody_else_keeps_is_left_to_them(tmp_path: Path) -> None:
    """Where standard error goes elsewhere, no file in the data folder is touched."""
    path = tmp_path / "gateway.log"
    path.write_bytes(b"x" * 50_000)
    program = PROGRAM.format(root=str(ROOT), folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", program], stderr=subprocess.DEVNULL, check=True)
    assert path.stat().st_size == 50_000
