"""What bringing a vault to this gateway's tables would do, found out without changing anything."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from gateway.vault.database.engine import Database
from gateway.vault.database.migration import COMPATIBLE_FROM, Step, current_version, steps_after
from gateway.vault.database.tables import audit
from gateway.vault.maintenance.updating import room_needed


@dataclass(frozen=True, slots=True)
class Room:
    """What the copy beforehand wants in which folder, and what is free there, in bytes."""

    folder: Path
    needed: int
    free: int


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """What an update would do.

    `tables`: the version that there is, None where nothing is. `size`: of the database, in bytes. `room`:
    only where a copy would be made. `last_backup_at`: epoch seconds, as the audit has it.
    """

    tables: str | None
    steps: list[Step]
    size: int
    room: Room | None
    last_backup_at: int | None

    @property
    def older_can_start(self) -> bool:
        """Whether a gateway of the tables that there are could be started again afterwards."""
        return not self.steps or (self.tables or "") >= COMPATIBLE_FROM


def plan_update(database: Database) -> UpdatePlan:
    """Look at a database. Raise VaultError where it is too new, or does not answer."""
    with database.reading() as connection:
        tables = current_version(connection)
        steps = steps_after(tables)
        room = None
        if steps and tables is not None and database.path is not None:
            folder = database.path.parent
            room = Room(folder, room_needed(connection), shutil.disk_usage(folder).free)
        return UpdatePlan(tables, steps, _size(connection), room, _last_backup(connection, tables))


def _size(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        pages, size = (connection.scalar(text(f"PRAGMA {name}")) for name in ("page_count", "page_size"))
        return int(pages * size)
    return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _last_backup(connection: Connection, tables: str | None) -> int | None:
    if tables is None:
        return None
    latest: int | None = connection.scalar(
        select(func.max(audit.c.at)).where(audit.c.action == "backup_made")
    )
    return latest
