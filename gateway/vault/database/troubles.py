"""What an error of the database means for who runs the gateway, in a sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.vault.errors import Unwritable, VaultError

# SQLSTATEs (PostgreSQL's appendix A).
INSUFFICIENT_PRIVILEGE = "42501"
READ_ONLY = "25006"
# Classes of them: the server's own faults (internal errors, damaged files) and those of its machine.
FAULTS_OF_THE_SERVER = ("XX", "58")
DISK_FULL = "53100"


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what a database refuses for reasons outside this program into a sentence."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            sentence = describe_error(error.orig)
        else:
            sentence = _describe_dbapi_error(error)
        if sentence is None:
            raise
        raise sentence from None
    except PoolTimeoutError:
        raise VaultError(
            "every connection to the PostgreSQL is in use",
            "Wait: it answers slowly. If it stays so, look at what keeps it busy.",
            retryable=True,
        ) from None


def _describe_dbapi_error(error: DBAPIError) -> VaultError | None:
    sqlstate = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) or error.connection_invalidated
    sentence = describe_postgresql_error(sqlstate, lost=lost)
    if sentence is None and isinstance(error, ProgrammingError) and sqlstate is None:
        # The driver refuses it before any server is asked.
        return bad_address()
    return sentence


def describe_postgresql_error(sqlstate: str | None, *, lost: bool) -> VaultError | None:
    """Return what an error of PostgreSQL means for who runs the gateway; None for a mistake of ours.

    `lost`: it came of the connection, not of the statement.
    """
    if sqlstate == INSUFFICIENT_PRIVILEGE:
        return VaultError(
            "the PostgreSQL user may not make or use the gateway's tables",
            "Let it own the database: ALTER DATABASE name OWNER TO user.",
            "not_set_up",
        )
    if sqlstate == READ_ONLY:
        return Unwritable(
            "the PostgreSQL takes no writes",
            "Name the primary server, not a standby, and a database that is not read-only.",
            retryable=True,
        )
    if sqlstate is not None and sqlstate.startswith(FAULTS_OF_THE_SERVER):
        return VaultError(
            f"the PostgreSQL reports a fault of its own (SQLSTATE {sqlstate})",
            "Look for it in the server's log; a damaged table has to be restored from a backup.",
        )
    if sqlstate == DISK_FULL:
        return Unwritable(
            "the disk of the PostgreSQL is full", "Make room on its disk, then try again.", retryable=True
        )
    if lost:
        return VaultError(
            "the PostgreSQL does not answer or refuses the connection",
            "Check that it runs, and that the address, user and password are right.",
            retryable=True,
        )
    return None


def bad_address() -> VaultError:
    """Return what to say of an address that is none."""
    return VaultError(
        "the address of the PostgreSQL cannot be read",
        "Begin it with postgresql://; user, password, host and database follow, percent-encoded.",
        "not_set_up",
    )


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
