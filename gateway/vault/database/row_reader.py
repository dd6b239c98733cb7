"""Single statements that read one row, from an event loop, in the way that each database wants."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Select

from gateway.vault.database.engine import Database
from gateway.vault.database.sqlite_reader import SqliteReader


class RowReader(Protocol):
    """What runs the statements."""

    async def first(self, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any] | None:
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
