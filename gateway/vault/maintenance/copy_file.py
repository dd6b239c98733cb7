"""A copy of the vault as one SQLite file, of whichever database it is in, while gateways serve.

What is sealed stays sealed, by a key that it does not hold. Written by `write_copy`, it is looked at by
`read_copy` before anybody relies on it.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, NullPool, create_engine, func, insert, select
from sqlalchemy.exc import DBAPIError

from gateway.util.secret import Secret
from gateway.vault.database.earlier_copies import open_read_only
from gateway.vault.database.engine import BUSY_SECONDS, Database, open_database
from gateway.vault.database.migration import current_version, require_own_version, upgrade
from gateway.vault.database.tables import audit, grants, metadata
from gateway.vault.database.troubles import describe_error
from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.keys.facts import CHECK_PLACE, KEY_CHECK, Facts

BATCH = 500
# So many grants are tried: one whose tokens are damaged is no reason to have no copy at all.
TRIED = 100


class Opener(Protocol):
    """What opens sealed values: a `Sealer`, or the `Keys` of an open vault."""

    def open(self, sealed: bytes, table: str, row: str | int, column: str) -> Secret:
        """Decrypt what stands in this place. Raise SealBroken."""


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What a copy holds: its tables' version, the vault's facts, and when the last entry was made.

    `last_entry_at`: epoch seconds of the newest entry of the audit, None where it has none.
    """

    tables: str
    facts: Facts
    last_entry_at: int | None


def write_copy(database: Database, path: Path, *, amid_key_change: bool = False) -> None:
    """Write the vault, as it is at one moment, into the empty file `path`, and wait for the disk.

    Raise VaultError; also while the master key changes, unless that may be (`amid_key_change`).
    """
    if database.path is not None:
        _vacuum_into(database.path, path)
    else:
        _write_rows(database, path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode=DELETE")
            # Else who has the former key opens the copy with it.
            copy.execute("PRAGMA secure_delete=ON")
            copy.execute("DELETE FROM vault_facts WHERE name = 'handed_over_master_key'")
            changing = copy.execute("SELECT 1 FROM vault_facts WHERE name = 'next_master_key'").fetchone()
    except sqlite3.Error as error:
        raise describe_error(error) or error from None
    if changing and not amid_key_change:
        raise VaultError(
            "a change of the master key goes on, and a copy from in between would need both keys",
            "Finish the change with `python3 scripts/local_gateway.py rotate-master-key`, then make the "
            "backup.",
        )
    wait_for_disk(path)


def wait_for_disk(path: Path) -> None:
    """Wait until the disk has what was written into a file. Raise OSError."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_copy(
    path: Path, opener: Callable[[Connection], Opener], *, told_as: Path | None = None
) -> CopyFacts:
    """Look at a copy: is the file whole, do its tables fit, and does its key open what is sealed?

    `opener` returns what opens sealed values of the copy, to which it is given a connection; `told_as`: what
    the file is called in messages. Changes nothing. Raise VaultError, whose message says what is wrong.
    """
    named = told_as or path
    with opened_copy(path, named) as connection:
        if connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar() != "ok":
            raise _damaged(named)
        version = current_version(connection)
        facts = Facts.read(connection) if version is not None else None
        if version is None or facts is None:
            raise _damaged(named)
        opens = opener(connection)
        if opens.open(facts.key_check, *CHECK_PLACE) != KEY_CHECK:
            raise SealBroken(f"the known text in {named} is another one", "Use another copy.")
        _try_tokens(connection, opens, named)
        last_entry_at = connection.execute(select(func.max(audit.c.at))).scalar()
    return CopyFacts(version, facts, last_entry_at)


@contextmanager
def opened_copy(path: Path, told_as: Path) -> Iterator[Connection]:
    """Open a copy, only to read. Raise VaultError where the file is none, named `told_as`."""
    engine = create_engine(
        "sqlite+pysqlite://", creator=lambda: open_read_only(path), poolclass=NullPool, hide_parameters=True
    )
    try:
        with engine.connect() as connection:
            yield connection
    except (DBAPIError, UnicodeDecodeError):  # what SQLite says of such a file may be no text either
        raise _damaged(told_as) from None
    finally:
        engine.dispose()


def _try_tokens(connection: Connection, opens: Opener, path: Path) -> None:
    """Raise VaultError where there are refresh tokens, and none of the first opens."""
    column = grants.c.refresh_token_sealed
    rows = connection.execute(select(grants.c.id, column).order_by(grants.c.id).limit(TRIED)).all()
    for row in rows:
        with suppress(SealBroken):
            opens.open(row.refresh_token_sealed, "grants", row.id, "refresh_token")
            return
    if rows:
        raise SealBroken(f"no refresh token in {path} opens with the master key", "Use another copy.")


def _damaged(path: Path) -> VaultError:
    return VaultError(
        f"{path} is damaged or no copy of a vault",
        "Name a file that `backup` made, or a `vault-before-….db`.",
        "bad_arguments",
    )


def _vacuum_into(source: Path, target: Path) -> None:
    """Copy a SQLite file in one reading transaction, without its free pages, in which old values might be."""
    try:
        with closing(sqlite3.connect(source, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            # Of the disk of the copy, which need not be the vault's.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise describe_error(error) or error from None


def _write_rows(source: Database, target: Path) -> None:
    """Write the rows of another database, as they are at one moment, into tables of their own."""
    with closing(open_database(None, target)) as file, source.snapshot() as reading:
        require_own_version(reading, "a copy")
        with file.writing() as writing:
            upgrade(writing)
            for table in metadata.sorted_tables:
                found = reading.execution_options(yield_per=BATCH).execute(select(table))
                for rows in found.partitions():
                    writing.execute(insert(table), [row._asdict() for row in rows])
