"""Single statements that bring one row, from an event loop, in the way that each database wants."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ClauseElement

from gateway.vault.database.engine import Database
from gateway.vault.database.sqlite_reader import SqliteReader
from gateway.vault.database.sqlite_writer import SqliteWriter


class RowReader(Protocol):
    """What runs the statements."""

    async def first(self, statement: ClauseElement, values: dict[str, Any]) -> Sequence[Any] | None:
        """Return the first row of a statement, which is compiled once and kept. Raise VaultError."""
        ...

    def close(self) -> None:
        """Close what only this reader uses."""
        ...


def row_reader(database: Database) -> RowReader:
    """Return what reads rows of this database."""
    if database.path is not None:
        return SqliteReader(database.path)
    from gateway.vault.database.postgresql_reader import (
        PostgresqlReader,  # psycopg, which who uses SQLite does not load
    )

    return PostgresqlReader(database)


def row_writer(database: Database) -> RowReader:
    """Return what runs statements that change one row and return of it; on connections of its own.

    On SQLite a power cut may take back what they changed.
    """
    if database.path is not None:
        return SqliteWriter(database.path)
    return row_reader(database)
