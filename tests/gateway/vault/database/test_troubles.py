"""What a database refuses for reasons outside this program is told in a sentence, whoever drives it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.pool import QueuePool

from gateway.vault.database.postgresql_troubles import describe_postgresql_error
from gateway.vault.database.sqlite_writer import SqliteWriter
from gateway.vault.database.troubles import describe_error, translated_errors
from gateway.vault.errors import VaultError


class Told(Exception):
    """An error of psycopg's, as far as it is looked at."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def refused(code: int) -> VaultError | None:
    """What an error of SQLite with that code is told as."""
    error = sqlite3.OperationalError("a text that nobody is to read")
    error.sqlite_errorcode = code
    return describe_error(error)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_BUSY, "locked"),
        (sqlite3.SQLITE_PROTOCOL, "locked"),
        (sqlite3.SQLITE_NOMEM, "no memory"),
        (sqlite3.SQLITE_SCHEMA, "were changed meanwhile"),
    ],
)
def test_what_passes_at_sqlite_is_told_as_passing(code: int, words: str) -> None:
    """Trying again helps."""
    told = refused(code)
    assert told is not None
    assert told.retryable
    assert words in told.message


def test_a_mistake_of_ours_is_none_of_the_databases() -> None:
    """A statement that cannot be: it stays what it is."""
    assert refused(sqlite3.SQLITE_ERROR) is None
    assert describe_postgresql_error(Told("42601"), lost=False) is None


@pytest.mark.parametrize("sqlstate", ["XX000", "XX001", "58030"])
def test_a_fault_of_postgresqls_own_is_named(sqlstate: str) -> None:
    """An internal error, a damaged table, a disk that fails."""
    told = describe_postgresql_error(Told(sqlstate), lost=False)
    assert told is not None
    assert sqlstate in told.message


def test_a_fault_of_postgresqls_own_is_told_from_its_exception() -> None:
    """SQLAlchemy's InternalError is no OperationalError."""
    with pytest.raises(VaultError, match="XX001"), translated_errors():
        raise InternalError("SELECT 1", {}, Told("XX001"))


def test_waiting_in_vain_for_a_connection_is_told_as_passing() -> None:
    """The pool's own error is none of the driver's."""
    engine = create_engine("sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0)
    with engine.connect() as held:
        held.execute(text("SELECT 1"))
        with pytest.raises(VaultError, match="every connection") as told, translated_errors():
            engine.connect()
    engine.dispose()
    assert told.value.retryable


def test_a_statement_that_is_wrong_is_raised_as_it_is() -> None:
    """So that it is found."""
    engine = create_engine("sqlite://")
    with pytest.raises(DBAPIError), translated_errors(), engine.connect() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    engine.dispose()


def test_a_mistake_of_ours_is_shown_as_it_is(tmp_path: Path) -> None:
    """It has no code of SQLite's, and is not hidden by another error."""
    writer = SqliteWriter(tmp_path / "vault.db")
    writer.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        asyncio.run(writer.first(text("SELECT 1"), {}))
