"""Which grants are to be refreshed ahead of their expiry, shared among replicas through their rows alone.

A refresher claims a batch of due grants for a while. The claim only keeps others from the same work: that a
token is refreshed once is still for the lease to see to. A grant whose refresh failed stays claimed, which is
the pause before it is tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select, update

from gateway.model import Grant
from gateway.util.clock import CLOCK_TOLERANCE, Clock, rfc3339
from gateway.vault.applications import pauses
from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import is_over
from gateway.vault.database.tables import applications, grants
from gateway.vault.grant_rows import GRANT_COLUMNS, grant_from
from gateway.vault.leases import IS_FREE
from gateway.vault.outbox import Outbox

# Written into the statements: SQLite uses a partial index only where its condition stands there as it is.
_AUTHORIZED = grants.c.status == literal_column("'authorized'")
# So many seconds before a token expires it is refreshed ahead.
MARGIN = 600
# As long as a refresh with its retries may take; the pause, too, before one that failed is tried again.
LONGEST_CLAIM = 120_000  # milliseconds
# However short the tokens live, none is refreshed ahead more often than this (seconds).
LEAST_AGE = 300


@dataclass(frozen=True, slots=True)
class Census:
    """How all grants stand, for the metrics. Times are epoch seconds, None where there is no such grant.

    `statuses`: how many grants by flow and status. `ending`: authorizations that end within the horizon.
    `most_overdue`: the time since when the refresher should have refreshed the one that waits longest.
    """

    statuses: dict[tuple[str, str], int]
    oldest_refreshed_at: int | None
    ending: int
    most_overdue: int | None


class RefreshQueue:
    """The grants of one vault, as its refreshers see them."""

    def __init__(self, database: Database, clock: Clock, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox

    def claim(
        self,
        most: int,
        *,
        margin: int,
        unused: int,
        milliseconds: int,
    ) -> list[int]:
        """Claim up to `most` due grants for so many milliseconds and return their ids, most urgent first.

        Due is what expires within `margin` seconds (and its jitter) or nobody knows when, since it was stored
        by a clock ahead of this one; it works, and was used in the last `unused` seconds; nobody else claims
        it, nobody is refreshing it, and Amazon may be asked for its application.
        `milliseconds`: LONGEST_CLAIM at most.
        """
        now = int(self._clock.now())
        claimed: list[int] = []
        for which, first in _kinds_of_due(now, margin):
            if len(claimed) < most:
                due = and_(which, *_worth_it(now, unused))
                claimed += self._claim(due, first, most - len(claimed), milliseconds)
        return claimed

    def _claim(
        self, which: ColumnElement[bool], first: ColumnElement[int], most: int, milliseconds: int
    ) -> list[int]:
        """Claim grants for which something holds, those first of which `first` is least."""
        resting = select(applications.c.flow).where(pauses(applications.c.pause_until_ms))
        due = (
            select(grants.c.id)
            .where(
                which,
                grants.c.flow.not_in(resting),
                is_over(grants.c.refresh_claimed_ms, LONGEST_CLAIM),
                IS_FREE,
            )
            .order_by(first)
            .limit(most)
        )
        with self._database.reading() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        mine = due.with_for_update(skip_locked=True).cte("due")
        claimed = (
            update(grants)
            .where(grants.c.id.in_(select(mine.c.id)))
            .values(refresh_claimed_ms=DatabaseMilliseconds() + milliseconds)
            .returning(first, grants.c.id)
        )
        with self._database.writing() as connection:
            return [grant_id for _, grant_id in sorted(tuple(row) for row in connection.execute(claimed))]

    def notify_of_ending(self, horizon: int, most: int = 500) -> list[Grant]:
        """Return the grants whose authorization ends within `horizon` seconds and was not announced before.

        They count as announced from now on, and the outbox has a notice of each.
        """
        soon = int(self._clock.now()) + horizon
        untold = or_(
            grants.c.ending_told.is_(None), grants.c.ending_told != grants.c.authorization_expires_at
        )
        which = (
            select(grants.c.id)
            .where(grants.c.authorization_expires_at <= soon, _AUTHORIZED, untold)
            .limit(most)
        )
        with self._database.reading() as connection:
            if connection.execute(which.limit(1)).first() is None:
                return []
        mine = which.with_for_update(skip_locked=True).cte("ending")
        marked = (
            update(grants)
            .where(grants.c.id.in_(select(mine.c.id)))
            .values(ending_told=grants.c.authorization_expires_at)
            .returning(*GRANT_COLUMNS)
        )
        with self._database.writing() as connection:
            ending = [grant_from(row) for row in connection.execute(marked).all()]
            for grant in ending:
                assert grant.authorization_expires_at is not None, "it was chosen by it"
                ends_at = rfc3339(grant.authorization_expires_at)
                self._outbox.add(connection, "authorization_ends", grant=grant, endsAt=ends_at)
        return ending

    def census(self, *, margin: int, unused: int, horizon: int) -> Census:
        """Count all grants; a whole table is read, so it is not for every request."""
        now = int(self._clock.now())
        by_status = select(grants.c.flow, grants.c.status, func.count()).group_by(
            grants.c.flow, grants.c.status
        )
        oldest = select(func.min(grants.c.refreshed_at)).where(_AUTHORIZED)
        ending = (
            select(func.count())
            .select_from(grants)
            .where(grants.c.authorization_expires_at <= now + horizon, _AUTHORIZED)
        )
        refresh_from = func.coalesce(grants.c.refresh_from, grants.c.access_expires_at)
        overdue = select(func.min(refresh_from)).where(
            *_worth_it(now, unused), refresh_from <= now + margin, _old_enough(now)
        )

        def read(connection: Connection) -> Census:
            statuses = {(flow, status): count for flow, status, count in connection.execute(by_status)}
            due_from = connection.execute(overdue).scalar()
            return Census(
                statuses,
                connection.execute(oldest).scalar(),
                connection.execute(ending).scalar_one(),
                None if due_from is None else due_from - margin,
            )

        return self._database.read_possibly_stale(read)


def _worth_it(now: int, unused: int) -> Sequence[ColumnElement[bool]]:
    """Tell in SQL which grants work and are used."""
    used: ColumnElement[Any] = func.coalesce(grants.c.last_used_at, grants.c.authorized_at)
    return _AUTHORIZED, used > now - unused


def _old_enough(now: int) -> ColumnElement[bool]:
    return grants.c.refreshed_at <= now - LEAST_AGE


def _kinds_of_due(now: int, margin: int) -> Sequence[tuple[ColumnElement[bool], ColumnElement[int]]]:
    """Tell in SQL which tokens are due, each kind with what says how urgent it is.

    The kinds stand apart since an index serves each of them, and none serves all.
    """
    ends_soon = grants.c.refresh_from <= now + margin
    # A gateway from before `refresh_from`, during an update, leaves it null.
    of_an_older_gateway = and_(grants.c.refresh_from.is_(None), grants.c.access_expires_at <= now + margin)
    of_a_clock_ahead = grants.c.refreshed_at > now + CLOCK_TOLERANCE
    return (
        (and_(ends_soon, _old_enough(now)), grants.c.refresh_from),
        (and_(of_an_older_gateway, _old_enough(now)), grants.c.access_expires_at),
        (of_a_clock_ahead, grants.c.refreshed_at),
    )
