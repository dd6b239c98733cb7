"""What an error of the database means for who runs the gateway, in a sentence.

What PostgreSQL's mean stands in `postgresql_troubles`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.vault.errors import Unwritable, VaultError


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what a database refuses for reasons outside this program into a sentence."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            sentence = describe_error(error.orig)
        else:
            from gateway.vault.database.postgresql_troubles import (
                bad_address,  # who uses SQLite does not load it
                describe_postgresql_error,
            )

            lost = isinstance(error, OperationalError) or error.connection_invalidated
            sentence = describe_postgresql_error(error.orig, lost=lost)
            if sentence is None and isinstance(error, ProgrammingError):
                sqlstate = getattr(error.orig, "sqlstate", None)
                # Without one the driver refuses it, before any server is asked.
                sentence = bad_address() if sqlstate is None else None
        if sentence is None:
            raise
        raise sentence from None
    except PoolTimeoutError:
        raise VaultError(
            "every connection to the PostgreSQL is in use",
            "Wait: it answers slowly. If it stays so, look at what keeps it busy.",
            retryable=True,
        ) from None


def describe_error(error: sqlite3.Error) -> VaultError | None:
    """Return what an error of SQLite means for who runs the gateway; None for a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return VaultError(
            "the vault's database is locked by another program",
            "Close whatever has vault.db open, or try again in a moment.",
            retryable=True,
        )
    if code == sqlite3.SQLITE_NOMEM:
        return VaultError(
            "the machine has no memory left for the vault's database",
            "Free some memory, then try again.",
            retryable=True,
        )
    if code == sqlite3.SQLITE_SCHEMA:
        return VaultError(
            "the tables of the vault's database were changed meanwhile", "Try again.", retryable=True
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return Unwritable(
            "the disk of the data folder is full or fails", "Make room on the disk, then try again."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return Unwritable(
            "the vault's database cannot be opened for writing",
            "Give the gateway's user write permission on the data folder and on vault.db in it.",
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return VaultError(
            "vault.db is damaged or no SQLite database",
            "Restore it from a backup, or use another data folder.",
        )
    return None
