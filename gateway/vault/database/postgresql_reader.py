"""Single statements on PostgreSQL from an event loop: one round trip, prepared, and no change of threads.

A prepared statement belongs to one session. A pooler that lends sessions for single transactions, such as a
PgBouncer, answers each statement from whichever is free, so behind one nothing is prepared.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy import ClauseElement

from gateway.vault.database.bounded import BoundedAsyncConnection, Patience
from gateway.vault.database.engine import BUSY_SECONDS, IDLE_SECONDS, Database
from gateway.vault.database.postgresql_troubles import describe_postgresql_error

CONNECTIONS = 8


class _Session:
    """A connection with its one cursor."""

    def __init__(self, connection: BoundedAsyncConnection) -> None:
        self._connection = connection
        self._cursor = connection.cursor(binary=True)
        self.idle_since = time.monotonic()

    async def first(self, sql: str, values: dict[str, Any]) -> Sequence[Any] | None:
        await self._cursor.execute(sql, values)
        return await self._cursor.fetchone()

    def close(self) -> None:
        # Not the connection's own way, which wants the event loop that may have ended before it.
        self._connection.pgconn.finish()


class PostgresqlReader:
    """Connections for statements that return a row, at most `CONNECTIONS` at a time in each event loop."""

    def __init__(self, database: Database) -> None:
        _, self._parameters = database.dialect.create_connect_args(database.engine.url)
        self._dialect = database.dialect
        self._patience = Patience()
        self._compiled: dict[ClauseElement, tuple[str, dict[str, Any]]] = {}
        # The one used last is taken first, so that those that are not needed stay idle.
        self._idle: list[_Session] = []
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def first(self, statement: ClauseElement, values: dict[str, Any]) -> Sequence[Any] | None:
        """Return the first row of a statement, which is compiled once and kept. Raise VaultError."""
        sql, constants = self._compiled.get(statement) or self._compile(statement)
        try:
            async with self._turn():
                return await self._first(sql, constants | values)
        except psycopg.Error as error:
            lost = isinstance(error, psycopg.OperationalError)
            raise describe_postgresql_error(error, lost=lost) or error from None

    def close(self) -> None:
        """Close all connections; nobody may be reading any more."""
        while self._idle:
            self._idle.pop().close()

    def _compile(self, statement: ClauseElement) -> tuple[str, dict[str, Any]]:
        compiled = statement.compile(dialect=self._dialect)
        self._compiled[statement] = compiled.string, dict(compiled.params)
        return self._compiled[statement]

    def _turn(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        turns = self._turns.get(loop)
        if turns is None:
            turns = self._turns[loop] = asyncio.Semaphore(CONNECTIONS)
        return turns

    async def _first(self, sql: str, values: dict[str, Any]) -> Sequence[Any] | None:
        """Read once; twice where the first connection was lost while nobody used it."""
        session = self._idle.pop() if self._idle else await self._connect()
        was_idle = time.monotonic() - session.idle_since >= IDLE_SECONDS
        try:
            return await self._read(session, sql, values)
        except psycopg.OperationalError:
            # What one connection has met, the others are about to.
            self.close()
            if not was_idle:
                raise
        return await self._read(await self._connect(), sql, values)

    async def _read(self, session: _Session, sql: str, values: dict[str, Any]) -> Sequence[Any] | None:
        try:
            row = await session.first(sql, values)
        except BaseException:
            # Whatever state it is in: a new one costs less than to find out.
            session.close()
            raise
        session.idle_since = time.monotonic()
        self._idle.append(session)
        return row

    async def _connect(self) -> _Session:
        connection = await BoundedAsyncConnection.connect(
            **self._parameters, connect_timeout=BUSY_SECONDS, autocommit=True, prepare_threshold=None
        )
        connection.patience = self._patience
        try:
            cursor = await connection.execute("SELECT pg_backend_pid()")
            row = await cursor.fetchone()
        except BaseException:
            connection.pgconn.finish()
            raise
        # A server greets with the number of the process that then answers; a pooler has to make one up.
        if row is not None and row[0] == connection.info.backend_pid:
            connection.prepare_threshold = 0
        return _Session(connection)
