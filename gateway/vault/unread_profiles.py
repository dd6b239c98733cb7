"""Which ads accounts lack the profiles of some regions, and when Amazon is asked for them again.

A row stands here from the moment that an account is kept until Amazon has answered for each region.
"""

from typing import get_args

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from gateway.model import Grant, Region, UnreadProfiles
from gateway.util.backoff import Backoff
from gateway.util.clock import Clock
from gateway.vault.database.engine import Database
from gateway.vault.database.holds import is_over
from gateway.vault.database.tables import grants, unread_profiles
from gateway.vault.grant_rows import GRANT_COLUMNS, grant_from

# Seconds until it is tried again by itself.
AGAIN = Backoff(60.0, longest=6 * 3600.0)
NOT_READ_YET = "not read yet"
# Another account has to be authorized again first, which its status says.
ASKABLE = grants.c.status == "authorized"


class Unread:
    """The accounts whose profiles are incomplete."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of_grant(self, grant_id: int) -> UnreadProfiles | None:
        """Return what an account lacks; None where Amazon has answered for each region."""
        query = select(unread_profiles).where(unread_profiles.c.grant_id == grant_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _unread(row)

    def of_user(self, user_id: int) -> list[tuple[Grant, UnreadProfiles]]:
        """Return a user's accounts that lack something which Amazon can be asked for, by name."""
        query = (
            select(*GRANT_COLUMNS, *unread_profiles.c)
            .join(grants, grants.c.id == unread_profiles.c.grant_id)
            .where(grants.c.user_id == user_id, ASKABLE)
            .order_by(grants.c.name, grants.c.id)
        )
        width = len(GRANT_COLUMNS)
        rows = self._database.read_possibly_stale(
            lambda connection: connection.execute(query).all(), of_user=user_id
        )
        names = unread_profiles.c.keys()
        return [
            (grant_from(row[:width]), _unread(dict(zip(names, row[width:], strict=True)))) for row in rows
        ]

    def claim_due(self) -> int | None:
        """Return an account that Amazon is to be asked about now, which nobody else then returns; or None.

        Each claim puts the next one off for longer.
        """
        now = int(self._clock.now())
        due = (
            select(unread_profiles)
            .join(grants, grants.c.id == unread_profiles.c.grant_id)
            .where(
                is_over(unread_profiles.c.again_at, int(AGAIN.longest), now),
                ASKABLE,
            )
            .order_by(unread_profiles.c.again_at)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(due).mappings().first()
        if row is None:
            return None
        failures = row["failures"] + 1
        claim = (
            update(unread_profiles)
            .where(
                unread_profiles.c.grant_id == row["grant_id"], unread_profiles.c.again_at == row["again_at"]
            )
            .values(failures=failures, again_at=now + int(AGAIN.pause(failures)))
        )
        with self._database.changing() as connection:
            claimed = connection.execute(claim).rowcount == 1
        return int(row["grant_id"]) if claimed else None


def note_unread(connection: Connection, unread: UnreadProfiles, now: int) -> None:
    """Write down what an account lacks; when it is tried again stays as it is. `now`: epoch seconds."""
    values = {"regions": " ".join(unread.regions), "cause": unread.cause}
    known = update(unread_profiles).where(unread_profiles.c.grant_id == unread.grant_id).values(**values)
    if connection.execute(known).rowcount == 0:
        again_at = now + int(AGAIN.pause(0))
        connection.execute(
            insert(unread_profiles).values(grant_id=unread.grant_id, failures=0, again_at=again_at, **values)
        )


def note_all_unread(connection: Connection, grant_id: int, now: int) -> None:
    """Write down that nothing of an account was read yet. `now`: epoch seconds."""
    note_unread(connection, UnreadProfiles(grant_id, get_args(Region), NOT_READ_YET), now)


def note_read(connection: Connection, grant_id: int) -> None:
    """Write down that an account lacks nothing."""
    connection.execute(delete(unread_profiles).where(unread_profiles.c.grant_id == grant_id))


def _unread(row: RowMapping | dict[str, object]) -> UnreadProfiles:
    regions = set(str(row["regions"]).split())
    known: tuple[Region, ...] = tuple(region for region in get_args(Region) if region in regions)
    return UnreadProfiles(int(str(row["grant_id"])), known, str(row["cause"]))
