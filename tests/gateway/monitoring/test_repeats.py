"""The same failure with each request fills no log: once at once, once a minute, and when it is over."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.monitoring import logs, repeats, traces
from gateway.util import events

AWAY = {"error": "the database cannot be reached", "hint": "Start it."}


class Written:
    """What one process writes into its log, in JSON form, by a clock of the test's own."""

    def __init__(self, to: io.StringIO) -> None:
        self.now = 100.0
        self._to = to
        logs.set_up_logging("json", monotonic=lambda: self.now)

    def lines(self) -> list[dict[str, Any]]:
        """What was written since this was last asked."""
        text = self._to.getvalue()
        self._to.seek(0)
        self._to.truncate()
        wanted = ("level", "event", "error", "reason", "count", "failure", "what", "seconds", "address")
        documents = map(json.loads, text.splitlines())
        return [{name: line[name] for name in wanted if name in line} for line in documents]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """The log of a process; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    kept = {
        name: getattr(logging, name)
        for name in ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing")
    }
    levels = {name: logging.getLogger(name).level for name in ("alembic", "urllib3")}
    to = io.StringIO()
    monkeypatch.setattr(sys, "stderr", to)
    try:
        yield Written(to)
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, value in kept.items():
            setattr(logging, name, value)
        for name, value in levels.items():
            logging.getLogger(name).setLevel(value)


log = logging.getLogger("gateway.some_module")
TOLD = {"level": "ERROR", "event": "vault_error", "error": AWAY["error"]}


def test_a_failure_of_every_request_is_told_once_a_minute_with_a_count(written: Written) -> None:
    """At once, then how often it came since the line before."""
    for _ in range(1500):
        events.error(log, "vault_error", **AWAY)
        written.now += 0.125
    assert written.lines() == [TOLD, *[{**TOLD, "count": 480}] * 3]


def test_the_end_of_it_is_told(written: Written) -> None:
    """With the next line of whatever kind, a minute after it last came; the next one is told at once."""
    for _ in range(5):
        events.error(log, "vault_error", **AWAY)
        written.now += 2.0
    assert written.lines() == [TOLD]
    written.now += repeats.PERIOD - 3.0
    events.info(log, "client_gone")
    assert written.lines() == [{"level": "INFO", "event": "client_gone"}]
    written.now += 1.0
    events.info(log, "client_gone")
    over, other = written.lines()
    assert over == {
        "level": "INFO",
        "event": "failure_over",
        "failure": "vault_error",
        "what": "error=the database cannot be reached",
        "count": 5,
        "seconds": 8.0,
    }
    assert other["event"] == "client_gone"
    events.error(log, "vault_error", **AWAY)
    assert written.lines() == [TOLD]


def test_a_collector_that_is_away_is_told_of_now_and_then(written: Written) -> None:
    """Not for every batch of spans, which are all alike."""
    away: Any = SimpleNamespace(export=lambda spans: SimpleNamespace(name="FAILURE"))
    telling = traces._Telling(away)
    for _ in range(3):
        telling.export([object()])
        written.now += 40.0
    events.info(log, "client_gone")
    written.now += repeats.PERIOD
    events.info(log, "client_gone")
    told = {"level": "WARNING", "event": "spans_not_sent"}
    over = {
        "level": "INFO",
        "event": "failure_over",
        "failure": "spans_not_sent",
        "count": 3,
        "seconds": 80.0,
    }
    gone = {"level": "INFO", "event": "client_gone"}
    assert written.lines() == [told, {**told, "count": 2}, gone, over, gone]


def test_what_came_once_has_no_end(written: Written) -> None:
    """Its one line has said it all."""
    events.error(log, "vault_error", **AWAY)
    written.now += 10 * repeats.PERIOD
    events.info(log, "client_gone")
    assert [line["event"] for line in written.lines()] == ["vault_error", "client_gone"]


def test_other_failures_are_told_beside_it(written: Written) -> None:
    """One of another cause, or another event, is news; where it comes from makes no difference."""
    for number in range(1000):
        events.warning(log, "connection_refused", reason="gateway_busy", address=f"192.0.2.{number % 250}")
    events.warning(log, "connection_refused", reason="headers_too_large", address="192.0.2.7")
    events.error(log, "vault_error", **{**AWAY, "error": "the disk is full"})
    events.error(log, "vault_error", **AWAY)
    told = [
        (line["event"], line.get("reason", line.get("error")), line.get("count")) for line in written.lines()
    ]
    assert told == [
        ("connection_refused", "gateway_busy", None),
        ("connection_refused", "headers_too_large", None),
        ("vault_error", "the disk is full", None),
        ("vault_error", "the database cannot be reached", None),
    ]


def test_what_is_no_failure_is_told_each_time(written: Written) -> None:
    """A request's line, for one."""
    for _ in range(3):
        events.info(log, "client_gone")
    assert len(written.lines()) == 3


def test_what_is_known_of_failures_is_bounded(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many the one that was away longest is told anew."""
    monkeypatch.setattr(repeats, "MOST_KNOWN", 2)
    for error in ("a", "b", "a", "c", "a", "b"):
        events.error(log, "vault_error", error=error, hint="")
    assert [line["error"] for line in written.lines()] == ["a", "b", "c", "b"]
