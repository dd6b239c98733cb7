"""Single statements on a raw connection to the vault's SQLite file, on the event loop's own thread.

A local read takes less time than a change of threads, and a statement that is compiled once less than one
that SQLAlchemy looks up.
"""

import sqlite3
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.vault.database.engine import BUSY_SECONDS, prepare_sqlite
from gateway.vault.database.troubles import describe_error


@cache
def compiled(statement: ClauseElement) -> tuple[str, list[str], dict[str, Any]]:
    """Return a statement's text, the names of its parameters in their order, and the values of some."""
    # By position: for each name the driver would ask SQLite, and give up the interpreter's lock to do so.
    result = statement.compile(dialect=sqlite_dialect(paramstyle="qmark"))
    assert isinstance(result, SQLCompiler)
    return result.string, list(result.positiontup or ()), dict(result.params)


class SqliteReader:
    """A connection of its own, which only ever reads."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        prepare_sqlite(self._connection)
        self._connection.execute("PRAGMA query_only=ON")
        self._lock = threading.Lock()

    async def first(self, statement: ClauseElement, values: dict[str, Any]) -> Sequence[Any] | None:
        """Return the first row of a statement. Raise VaultError."""
        sql, names, constants = compiled(statement)
        values = constants | values
        try:
            with self._lock:
                # All rows, never more than one: a cursor left in the middle would hold its snapshot open.
                rows = self._connection.execute(sql, [values[name] for name in names]).fetchall()
        except sqlite3.Error as error:
            raise describe_error(error) or error from None
        return rows[0] if rows else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
