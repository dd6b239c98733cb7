"""A consistent copy of a SQLite vault while it serves, without the master key."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.vault.database.engine import BUSY_SECONDS
from gateway.vault.database.troubles import describe_error
from gateway.vault.errors import VaultError
from gateway.vault.maintenance.new_file import new_file
from gateway.vault.vault import Vault


def back_up(vault: Vault, path: Path) -> int:
    """Copy the vault into the new file `path` and return its size in bytes. Raise VaultError."""
    if vault.database.path is None:
        raise VaultError(
            "the vault is in PostgreSQL, which has its own tool for this",
            "Use pg_dump; the database does not hold the master key.",
            "bad_arguments",
        )
    with new_file(path, "a copy of vault.db") as draft:
        _copy(vault.database.path, draft)
    with vault.database.writing() as connection:
        vault.audit.record(connection, "backup_made", subject=path.name)
    return path.stat().st_size


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            # One reading transaction, without what was deleted: pages that are free are not copied.
            connection.execute("VACUUM INTO ?", (str(target),))
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # Else who has the former key opens the copy with it.
            copy.execute("PRAGMA secure_delete=ON")
            copy.execute("DELETE FROM vault_facts WHERE name = 'handed_over_master_key'")
            changing = copy.execute("SELECT 1 FROM vault_facts WHERE name = 'next_master_key'").fetchone()
    except sqlite3.Error as error:
        raise describe_error(error) or error from None
    if changing:
        raise VaultError(
            "a change of the master key goes on, and a copy from in between would need both keys",
            "Finish the change with `python3 scripts/local_gateway.py rotate-master-key`, then make the "
            "backup.",
        )
    descriptor = os.open(target, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
