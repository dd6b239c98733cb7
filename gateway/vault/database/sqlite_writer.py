"""Single statements on the vault's SQLite file that change a row which a power cut may take back.

They run on the event loop's own thread, as they do not wait: not for the disk (`synchronous=NORMAL` leaves it
to the next commit of somebody else's, or to a checkpoint, to bring them there), and not for another writer,
whose end is looked for again and again from the event loop.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from sqlalchemy import ClauseElement

from gateway.vault.database.engine import BUSY_SECONDS, prepare_sqlite
from gateway.vault.database.sqlite_reader import compiled
from gateway.vault.database.troubles import describe_error


def _pauses() -> Iterator[float]:
    """Return the seconds between two tries, as SQLite's own busy handler grows them."""
    return chain((0.001, 0.002, 0.005, 0.01), repeat(0.02))


class SqliteWriter:
    """A connection of its own, for statements that are a transaction each."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
        prepare_sqlite(self._connection)
        # A checkpoint waits for the disk: it is left to the other connections.
        for pragma in ("synchronous=NORMAL", "wal_autocheckpoint=0"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._lock = threading.Lock()

    async def first(self, statement: ClauseElement, values: dict[str, Any]) -> Sequence[Any] | None:
        """Return the first row that a statement returns. Raise VaultError."""
        sql, names, constants = compiled(statement)
        values = constants | values
        given = [values[name] for name in names]
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + BUSY_SECONDS
        for pause in _pauses():
            try:
                return self._execute(sql, given)
            except sqlite3.Error as error:
                # sqlite3's own errors, as of a closed connection, have no code of SQLite's.
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code != sqlite3.SQLITE_BUSY or loop.time() >= give_up_at:
                    raise describe_error(error) or error from None
            await asyncio.sleep(pause)
        raise AssertionError("pauses have no end")

    def _execute(self, sql: str, values: list[Any]) -> Sequence[Any] | None:
        with self._lock:
            rows = self._connection.execute(sql, values).fetchall()
        return rows[0] if rows else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
