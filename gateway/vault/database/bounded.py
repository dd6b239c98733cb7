"""Connections to PostgreSQL that do not wait for an answer without end.

A PgBouncer takes statements while the server behind it is down, and lets them wait for two minutes. Callers
are better told at once to come again. After one answer that did not come, the next ones get less time.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.waiting import READY_NONE, READY_R
from sqlalchemy import Engine, event

T = TypeVar("T")

SECONDS = 10.0
SECONDS_AFTER_A_FAILURE = 2.0


@dataclass(slots=True)
class Patience:
    """How long the connections of one pool wait: what one of them meets, the others go by.

    `longest`: seconds, where it is not SECONDS.
    """

    longest: float | None = None
    failed: bool = False

    @property
    def seconds(self) -> float:
        """The seconds that the next answer may take."""
        return SECONDS_AFTER_A_FAILURE if self.failed else self.longest or SECONDS


def bound_waiting(engine: Engine, longest: float | None = None) -> None:
    """Let whatever this engine sends be answered in time, or fail as a lost connection does.

    `longest`: seconds; `SECONDS` unless it is given.
    """
    patience = Patience(longest)

    class BoundedConnection(psycopg.Connection[Any]):
        """A connection that is closed when an answer does not come."""

        def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
            try:
                return super().wait(_within(patience, gen), *args, **options)
            except _NoAnswer:
                self.pgconn.finish()
                raise

    @event.listens_for(engine, "do_connect")
    def _on_connect(_dialect: Any, _record: Any, args: Any, parameters: Any) -> psycopg.Connection[Any]:
        return BoundedConnection.connect(*args, **parameters)


class BoundedAsyncConnection(psycopg.AsyncConnection[Any]):
    """The same for an event loop. `patience` is shared by those that know it from each other."""

    patience: Patience

    async def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        """Wait for a statement's answer. Raises psycopg.OperationalError where none comes in time."""
        try:
            answer: T = await super().wait(_within(self.patience, gen), *args, **options)
            return answer
        except _NoAnswer:
            self.pgconn.finish()
            raise


class _NoAnswer(psycopg.OperationalError):
    """The server was given long enough."""


def _within(patience: Patience, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """Pass on the steps of a statement, as psycopg waits for them, until their time is over."""
    deadline = time.monotonic() + patience.seconds
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if ready & READY_R:
                patience.failed = False
            elif ready == READY_NONE and time.monotonic() >= deadline:
                patience.failed = True
                raise _NoAnswer("no answer in time")
            wanted = steps.send(ready)
    except StopIteration as ended:
        answer: T = ended.value
        return answer
