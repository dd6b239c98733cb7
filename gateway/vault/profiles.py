"""The advertising profiles that each ads authorization covers."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from gateway.model import Grant, Page, Profile, UnreadProfiles
from gateway.util.clock import Clock
from gateway.vault.database.changes import note_change
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import grants, profiles
from gateway.vault.grant_rows import GRANT_COLUMNS, HEALTHIEST_FIRST, grant_from
from gateway.vault.unread_profiles import note_read, note_unread

_COLUMNS = [profiles.c[field.name] for field in fields(Profile)]


class Profiles:
    """What the last sync found, by grant."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def replace(self, grant_id: int, found: list[Profile], unread: UnreadProfiles | None = None) -> None:
        """Replace a grant's profiles by those that Amazon lists now. A grant that was removed gets none.

        `unread`: the regions that Amazon did not answer for; None where it did for each.
        """
        now = int(self._clock.now())
        rows = [
            {column.name: getattr(profile, column.name) for column in _COLUMNS}
            | {"grant_id": grant_id, "synced_at": now}
            for profile in found
        ]
        with self._database.writing() as connection:
            lock = select(grants.c.user_id).where(grants.c.id == grant_id).with_for_update()
            user_id = connection.execute(lock).scalar()
            if user_id is None:
                return
            note_change(connection, user_id)
            connection.execute(delete(profiles).where(profiles.c.grant_id == grant_id))
            if rows:
                connection.execute(insert(profiles), rows)
            if unread is None:
                note_read(connection, grant_id)
            else:
                note_unread(connection, unread, now)

    def of_grant(self, grant_id: int) -> list[Profile]:
        """Return a grant's profiles, sorted by profile id."""
        query = select(*_COLUMNS).where(profiles.c.grant_id == grant_id).order_by(profiles.c.profile_id)
        with self._database.reading() as connection:
            return [Profile(*row) for row in connection.execute(query)]

    def of_user(self, user_id: int) -> list[tuple[Profile, Grant]]:
        """Return a user's profiles and the grants that cover them, by id, the newest healthy grant first."""
        return self._database.read_possibly_stale(_pairs(_of_user(user_id)), of_user=user_id)

    def page(self, user_id: int, page: Page) -> tuple[list[tuple[Profile, Grant]], int]:
        """Return a part of a user's profiles as `of_user` does, and how many profiles there are in all."""
        covered = (
            select(profiles.c.profile_id)
            .join(grants, grants.c.id == profiles.c.grant_id)
            .where(grants.c.user_id == user_id)
            .distinct()
        )
        part = covered.order_by(profiles.c.profile_id).limit(page.limit).offset(page.offset)
        pairs = _pairs(_of_user(user_id).where(profiles.c.profile_id.in_(part)))
        count = select(func.count()).select_from(covered.subquery())

        def read(connection: Connection) -> tuple[list[tuple[Profile, Grant]], int]:
            return pairs(connection), connection.execute(count).scalar_one()

        return self._database.read_possibly_stale(read, of_user=user_id)

    def covering(self, user_id: int, profile_id: int) -> list[tuple[Profile, Grant]]:
        """Return one of a user's profiles with each grant that covers it, the newest healthy one first."""
        with self._database.reading() as connection:
            return _pairs(_of_user(user_id).where(profiles.c.profile_id == profile_id))(connection)


def _pairs(query: Select[Any]) -> Callable[[Connection], list[tuple[Profile, Grant]]]:
    """Return what reads profiles, each with a grant that covers it."""
    width = len(_COLUMNS)

    def read(connection: Connection) -> list[tuple[Profile, Grant]]:
        return [(Profile(*row[:width]), grant_from(row[width:])) for row in connection.execute(query)]

    return read


def _of_user(user_id: int) -> Select[Any]:
    return (
        select(*_COLUMNS, *GRANT_COLUMNS)
        .join(grants, grants.c.id == profiles.c.grant_id)
        .where(grants.c.user_id == user_id)
        .order_by(profiles.c.profile_id, *HEALTHIEST_FIRST)
    )
