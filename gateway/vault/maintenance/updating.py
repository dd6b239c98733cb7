"""Bringing a vault to this gateway's tables, with a copy of a SQLite file from before."""

import logging
import shutil
from pathlib import Path

from sqlalchemy import Connection

from gateway.util import events
from gateway.util.clock import Clock
from gateway.vault.database.earlier_copies import name_of_copy, remove_old_copies
from gateway.vault.database.engine import Database
from gateway.vault.database.migration import NEWEST, current_version, upgrade
from gateway.vault.errors import VaultError
from gateway.vault.maintenance.copy_file import write_copy
from gateway.vault.maintenance.new_file import new_file

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
# What the steps themselves may write beside the copy, where the vault is small.
MARGIN = MEGABYTE


def bring_up_to_date(connection: Connection, database: Database, clock: Clock) -> None:
    """Run the steps that are missing, in the connection's transaction, whose lock keeps others away.

    A SQLite vault is copied first, and nothing is changed where that fails. Raise VaultError.
    """
    before = current_version(connection)
    if before is not None and database.path is not None:
        path = _keep_copy(connection, database, clock.now())
        events.info(log, "vault_copied", file=str(path), fromVersion=before, bytes=path.stat().st_size)
    upgrade(connection)


def room_needed(connection: Connection) -> int:
    """Return how many bytes have to be free beside a SQLite vault before its tables are changed."""
    used, free, size = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((used - free) * size) + MARGIN


def _keep_copy(connection: Connection, database: Database, now: float) -> Path:
    """Copy the SQLite file and return the copy's path. Raise VaultError where there is no room for it."""
    assert database.path is not None
    folder = database.path.parent
    needed, free = room_needed(connection), shutil.disk_usage(folder).free
    if free < needed:
        raise no_room(folder, needed, free)
    path = folder / name_of_copy(NEWEST, now)
    with new_file(path, "a copy of vault.db") as draft:
        write_copy(database, draft, amid_key_change=True)
    remove_old_copies(folder)
    return path


def no_room(folder: Path, needed: int, free: int) -> VaultError:
    """Return the failure of an update for whose copy there is no room; both are bytes."""
    return VaultError(
        f"the vault is copied before its tables are changed, which wants {_megabytes(needed)} in {folder}, "
        f"and {_megabytes(free)} are free",
        "Make room on that disk, then start again. Nothing was changed.",
    )


def _megabytes(count: int) -> str:
    return f"{count / MEGABYTE:.1f} MB"
