"""Applications whose calls Amazon's APIs refuse, for every process on the database alike.

An API can say that an application's client secret has ended while the token endpoint goes on taking it: so
this suspension stands beside that of applications.py, and no refresh that succeeds ends it. What ends it is a
call that succeeds, or a gateway that starts with another client secret. Times are by the database's clock. A
row is there only while calls are refused.
"""

from collections.abc import Callable, Collection, Sequence
from random import random
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.vault.applications import (
    PROBE_SECONDS,
    AppKey,
    CircuitState,
    in_seconds,
    longest_pause,
    pause_after,
    pauses,
    subject_of,
)
from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database
from gateway.vault.database.holds import milliseconds_left
from gateway.vault.database.row_reader import RowReader
from gateway.vault.database.tables import refused_calls
from gateway.vault.outbox import Outbox

# Made once, as each proxied call needs it: making a statement costs about as much as sending it.
_ADMISSION = select(
    refused_calls.c.reason,
    milliseconds_left(refused_calls.c.pause_until_ms, bindparam("longest", type_=BigInteger)),
    refused_calls.c.pause_until_ms,
    refused_calls.c.failures,
).where(refused_calls.c.flow == bindparam("of_flow"), refused_calls.c.client_id == bindparam("client"))


class RefusedCalls:
    """The applications that may not call now. `randomness`: from 0 to 1, spreads the pauses."""

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
        return _state(await self._rows.first(_ADMISSION, _admitted(app)))

    def admit(self, app: AppKey) -> CircuitState:
        """Return whether a call may be made now: `closed`, `suspended`, or `half_open` for one caller.

        Who gets `half_open` has to report how it ended: `accepted`, `refuse` or `prolong`. Where that never
        comes (the process was killed), another may probe after PROBE_SECONDS.
        """
        with self._database.reading() as connection:
            row = connection.execute(_ADMISSION, _admitted(app)).first()
        state = _state(row)
        if state is not None:
            return state
        assert row is not None, "without one it is closed"
        reason, _, until, failures = row
        claim = (
            update(refused_calls)
            .where(_is(app), refused_calls.c.pause_until_ms == until)
            .values(pause_until_ms=in_seconds(PROBE_SECONDS))
        )
        with self._database.changing() as connection:
            if connection.execute(claim).rowcount == 1:
                return CircuitState("half_open", reason, failures=failures)
        return CircuitState("suspended", reason, PROBE_SECONDS, failures)

    def reason(self, app: AppKey) -> str | None:
        """Return why an application's calls are refused, or None."""
        with self._database.reading() as connection:
            return connection.execute(select(refused_calls.c.reason).where(_is(app))).scalar()

    def reasons(self, client_ids: Collection[str]) -> dict[str, str]:
        """Return why applications' calls are refused, by client id; those that may call are left out."""
        query = select(refused_calls.c.client_id, refused_calls.c.reason).where(
            refused_calls.c.client_id.in_(client_ids)
        )
        with self._database.reading() as connection:
            found: dict[str, str] = dict(connection.execute(query).all())
        return found

    def refuse(self, app: AppKey, reason: str, *, probing: bool = False) -> bool:
        """Suspend an application's calls, or record that a probe failed; True if they were not before."""
        try:
            return self._refuse(app, reason, probing)
        except IntegrityError:  # its row was made at the same moment
            return self._refuse(app, reason, probing)

    def prolong(self, app: AppKey) -> None:
        """Record that a probe did not show that calls are accepted: the next one has to wait longer."""
        with self._database.writing() as connection:
            row = self._locked(connection, app)
            if row is not None:
                self._pause(connection, app, row[1])

    def accepted(self, app: AppKey) -> bool:
        """Record that an API took a call; True if the calls were suspended before."""
        return self._end(app, _is(app))

    def secret_changed(self, app: AppKey) -> bool:
        """End a suspension that another client secret than the present one met; True if there was one."""
        return self._end(app, and_(_is(app), refused_calls.c.secret_print != app.secret_print))

    def _refuse(self, app: AppKey, reason: str, probing: bool) -> bool:
        with self._database.writing() as connection:
            row = self._locked(connection, app)
            if row is not None:
                pausing, failures = row
                # Calls that were under way together begin one pause.
                if probing or not pausing:
                    self._pause(connection, app, failures)
                return False
            connection.execute(
                insert(refused_calls).values(
                    flow=app.flow,
                    client_id=app.client_id,
                    reason=reason,
                    pause_until_ms=in_seconds(pause_after(0, self._randomness())),
                    failures=1,
                    secret_print=app.secret_print,
                )
            )
            self._audit.record(connection, "app_suspended", subject=subject_of(app), outcome=reason)
            self._outbox.add(connection, "suspended_app", application=app.flow, reason=reason)
            return True

    def _locked(self, connection: Connection, app: AppKey) -> tuple[bool, int] | None:
        """Return whether an application's pause lasts and how often it failed; None where it may call."""
        columns = (pauses(refused_calls.c.pause_until_ms), refused_calls.c.failures)
        row = connection.execute(select(*columns).where(_is(app)).with_for_update()).first()
        return None if row is None else (bool(row[0]), row[1])

    def _pause(self, connection: Connection, app: AppKey, failures: int) -> None:
        until = in_seconds(pause_after(failures, self._randomness()))
        connection.execute(
            update(refused_calls).where(_is(app)).values(pause_until_ms=until, failures=failures + 1)
        )

    def _end(self, app: AppKey, which: ColumnElement[bool]) -> bool:
        with self._database.writing() as connection:
            if connection.execute(delete(refused_calls).where(which)).rowcount == 0:
                return False
            self._audit.record(connection, "app_recovered", subject=subject_of(app))
            self._outbox.add(connection, "app_recovered", application=app.flow)
            return True


def _state(row: Sequence[Any] | None) -> CircuitState | None:
    """Return what a row of _ADMISSION says; None where the application may be probed."""
    if row is None:
        return CircuitState("closed")
    reason, left, _, failures = row
    if left > 0:
        return CircuitState("suspended", reason, left / 1000, failures)
    return None


def _admitted(app: AppKey) -> dict[str, Any]:
    """Return the parameters of _ADMISSION."""
    return {"of_flow": app.flow, "client": app.client_id, "longest": longest_pause()}


def _is(app: AppKey) -> ColumnElement[bool]:
    return and_(refused_calls.c.flow == app.flow, refused_calls.c.client_id == app.client_id)
