"""How the owner's applications stand with Amazon, for every process on the database alike.

An application at fault is suspended: then one process at a time may probe whether Amazon takes it again. One
that is throttled, or finds Amazon down, cools down: nothing is asked of Amazon for a while. Times are by the
database's clock. A row is there only for an application that ever failed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import random
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.model import Flow
from gateway.util.backoff import Backoff
from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import lasts, milliseconds_left
from gateway.vault.database.row_reader import RowReader
from gateway.vault.database.tables import applications
from gateway.vault.outbox import Outbox

Cooling = Literal["throttled", "unavailable"]

# How long Amazon is not asked after a failure, by how often in a row it failed.
PAUSES = Backoff(1.0, longest=60.0)
LONGEST_ASKED_FOR = 300.0
# As long as a probe may take before another process may try.
PROBE_SECONDS = 60.0

# Made once, as each refresh needs it: making a statement costs about as much as sending it.
_ADMISSION = select(
    applications.c.suspended_reason,
    applications.c.cooling_kind,
    milliseconds_left(applications.c.pause_until_ms, bindparam("longest", type_=BigInteger)),
    applications.c.pause_until_ms,
    applications.c.failures,
    applications.c.secret_print,
).where(applications.c.flow == bindparam("of_flow"), applications.c.client_id == bindparam("client"))


@dataclass(frozen=True, slots=True)
class AppKey:
    """Which application: `secret_print` distinguishes its client secrets, and nothing else about them."""

    flow: Flow
    client_id: str
    secret_print: str


@dataclass(frozen=True, slots=True)
class CircuitState:
    """Whether Amazon may be asked for an application now.

    `closed`: yes. `half_open`: yes, and what comes of it decides whether the application is still
    `suspended`.
    `suspended` and `cooling`: not for `seconds`; `reason` is why, or the kind of failure.
    `failures`: how often in a row it failed.
    """

    state: Literal["closed", "half_open", "suspended", "cooling"]
    reason: str | None = None
    seconds: float = 0.0
    failures: int = 0


class Applications:
    """Every application's circuit. `randomness`: from 0 to 1, spreads the pauses."""

    def __init__(
        self,
        database: Database,
        rows: RowReader,
        audit: Audit,
        outbox: Outbox,
        randomness: Callable[[], float] = random,
    ) -> None:
        self._database = database
        self._rows = rows
        self._audit = audit
        self._outbox = outbox
        self._randomness = randomness

    async def state(self, app: AppKey) -> CircuitState | None:
        """Return what `admit` would, from an event loop; None where it may be time for a probe."""
        return _state(app, await self._rows.first(_ADMISSION, _admitted(app)))

    def admit(self, app: AppKey) -> CircuitState:
        """Return whether Amazon may be asked now; of all processes one at a time gets `half_open`."""
        with self._database.reading() as connection:
            row = connection.execute(_ADMISSION, _admitted(app)).first()
        state = _state(app, row)
        if state is not None:
            return state
        assert row is not None, "without one it is closed"
        suspended, _, _, until, failures, secret_print = row
        claim = (
            update(applications)
            .where(
                _is(app),
                applications.c.suspended_reason.is_not(None),
                applications.c.pause_until_ms == until,
                applications.c.secret_print == secret_print,
            )
            .values(pause_until_ms=in_seconds(PROBE_SECONDS), secret_print=app.secret_print)
        )
        with self._database.writing() as connection:
            if connection.execute(claim).rowcount == 1:
                return CircuitState("half_open", suspended, failures=failures)
        return CircuitState("suspended", suspended, PROBE_SECONDS, failures)

    def suspended(self, app: AppKey) -> str | None:
        """Return why an application is suspended, or None."""
        query = select(applications.c.suspended_reason).where(_is(app))
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def suspensions(self, client_ids: Collection[str]) -> dict[str, str]:
        """Return why applications are suspended, by client id; those that are not are left out."""
        query = select(applications.c.client_id, applications.c.suspended_reason).where(
            applications.c.client_id.in_(client_ids), applications.c.suspended_reason.is_not(None)
        )
        with self._database.reading() as connection:
            found: dict[str, str] = dict(connection.execute(query).all())
        return found

    def suspend(self, app: AppKey, reason: str, *, probing: bool = False) -> bool:
        """Suspend an application, or record that a probe failed; True if it was not suspended before."""
        return self._failed(app, reason=reason, probing=probing)

    def cool_down(self, app: AppKey, kind: Cooling, asked_for: float | None = None) -> None:
        """Give Amazon a rest: `asked_for` seconds where it named a time, else longer with each failure."""
        self._failed(app, kind=kind, asked_for=asked_for)

    def recover(self, app: AppKey) -> bool:
        """Record that Amazon takes the application; True if it was suspended before."""
        values = {"suspended_reason": None, "cooling_kind": None, "pause_until_ms": 0, "failures": 0}
        was_suspended = select(applications.c.suspended_reason).where(_is(app)).with_for_update()
        with self._database.writing() as connection:
            suspended = connection.execute(was_suspended).scalar()
            connection.execute(update(applications).where(_is(app)).values(**values))
            if suspended is not None:
                self._audit.record(connection, "app_recovered", subject=subject_of(app))
                self._outbox.add(connection, "app_recovered", application=app.flow)
        return suspended is not None

    def _failed(
        self,
        app: AppKey,
        *,
        reason: str | None = None,
        kind: Cooling | None = None,
        asked_for: float | None = None,
        probing: bool = False,
    ) -> bool:
        try:
            return self._record_failure(app, reason, kind, asked_for, probing)
        except IntegrityError:  # its row was made at the same moment
            return self._record_failure(app, reason, kind, asked_for, probing)

    def _record_failure(
        self, app: AppKey, reason: str | None, kind: Cooling | None, asked_for: float | None, probing: bool
    ) -> bool:
        columns = (
            applications.c.suspended_reason,
            pauses(applications.c.pause_until_ms),
            applications.c.failures,
        )
        with self._database.writing() as connection:
            row = connection.execute(select(*columns).where(_is(app)).with_for_update()).first()
            suspended, pausing, failures = row or (None, False, 0)
            known = suspended is not None if reason is not None else suspended is None and asked_for is None
            if known and pausing and not probing:
                return False  # one of many calls that failed together: the pause has begun already
            pause = min(asked_for or pause_after(failures, self._randomness()), LONGEST_ASKED_FOR)
            values = {
                "suspended_reason": reason or suspended,
                "cooling_kind": kind,
                "pause_until_ms": in_seconds(pause),
                "failures": failures + 1,
                "secret_print": app.secret_print,
            }
            if row is None:
                made = insert(applications).values(flow=app.flow, client_id=app.client_id, **values)
                connection.execute(made)
            else:
                connection.execute(update(applications).where(_is(app)).values(**values))
            news = reason is not None and suspended is None
            if news:
                self._audit.record(connection, "app_suspended", subject=subject_of(app), outcome=str(reason))
                self._outbox.add(connection, "suspended_app", application=app.flow, reason=reason)
            return news


def _state(app: AppKey, row: Sequence[Any] | None) -> CircuitState | None:
    """Return what a row of _ADMISSION says; None where an application may be probed."""
    if row is None:
        return CircuitState("closed")
    suspended, cooling, milliseconds, _, failures, secret_print = row
    left = milliseconds / 1000
    if suspended is None:
        if cooling is not None and left > 0:
            return CircuitState("cooling", cooling, left, failures)
        return CircuitState("closed", failures=failures)
    # Another client secret than the refused one is tried at once.
    if left > 0 and secret_print == app.secret_print:
        return CircuitState("suspended", suspended, left, failures)
    return None


def _admitted(app: AppKey) -> dict[str, Any]:
    """Return the parameters of _ADMISSION."""
    return {"of_flow": app.flow, "client": app.client_id, "longest": longest_pause()}


def _is(app: AppKey) -> ColumnElement[bool]:
    return and_(applications.c.flow == app.flow, applications.c.client_id == app.client_id)


def pause_after(failures: int, randomness: float) -> float:
    """Return the seconds to wait after a failure that so many in a row came before."""
    return PAUSES.jittered(failures, randomness)


def longest_pause() -> int:
    """Return the milliseconds that a pause may last."""
    return int(LONGEST_ASKED_FOR * 1000)


def pauses(until: ColumnElement[int]) -> ColumnElement[bool]:
    """Tell in SQL whether an application that pauses until a time does so now."""
    return lasts(until, longest_pause())


def in_seconds(seconds: float) -> ColumnElement[int]:
    """Return the database's time in so many seconds, in milliseconds."""
    return DatabaseMilliseconds() + int(seconds * 1000)


def subject_of(app: AppKey) -> str:
    """Return how the audit names an application."""
    return f"{app.flow} application"
