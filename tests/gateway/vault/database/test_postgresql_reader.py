"""Reads from an event loop on PostgreSQL: prepared where that is safe, and never on a dead connection."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import BigInteger, bindparam, select, text

from gateway.vault.database import bounded, postgresql_reader
from gateway.vault.database.engine import Database, open_database
from gateway.vault.database.postgresql_reader import PostgresqlReader
from gateway.vault.errors import VaultError
from tests.support.postgresql import PostgreSQL, as_setting, running_postgresql
from tests.support.replicas import PGBOUNCER, running_pgbouncer

DOUBLED = select(bindparam("number", type_=BigInteger) * 2)
PREPARED = select(text("count(*) FROM pg_prepared_statements"))
WHO = select(text("pg_backend_pid()"))
SLEEP = select(text("pg_sleep(3600)"))


def opened(address: str) -> tuple[Database, PostgresqlReader]:
    """A reader of the database at an address."""
    database = open_database(as_setting(address), Path())
    return database, PostgresqlReader(database)


@pytest.fixture
def reader(postgresql: PostgreSQL) -> Iterator[PostgresqlReader]:
    """A reader straight on the server."""
    database, reading = opened(postgresql.address)
    yield reading
    reading.close()
    database.close()


async def value(reader: PostgresqlReader, statement: Any, **values: Any) -> Any:
    """The first value of the first row."""
    row = await reader.first(statement, values)
    assert row is not None
    return row[0]


def test_statements_are_prepared_on_the_server_itself(reader: PostgresqlReader) -> None:
    """Once for each connection."""

    async def read() -> list[Any]:
        return [await value(reader, DOUBLED, number=number) for number in (1, 2, 2**40)]

    assert asyncio.run(read()) == [2, 4, 2**41]
    assert asyncio.run(value(reader, PREPARED)) >= 1


@pytest.mark.skipif(PGBOUNCER is None, reason="there is no pgbouncer")
def test_nothing_is_prepared_behind_a_pooler(postgresql: PostgreSQL) -> None:
    """Which answers the next statement from another session."""
    with running_pgbouncer(postgresql.address) as address:
        database, reading = opened(address)
        try:
            assert asyncio.run(value(reading, DOUBLED, number=4)) == 8
            assert asyncio.run(value(reading, PREPARED)) == 0
        finally:
            reading.close()
            database.close()


def test_event_loops_share_connections_one_after_the_other(reader: PostgresqlReader) -> None:
    """And a crowd of callers is served by a few."""

    async def crowd() -> list[Any]:
        return await asyncio.gather(*(value(reader, DOUBLED, number=number) for number in range(100)))

    for _ in range(2):
        assert asyncio.run(crowd()) == [2 * number for number in range(100)]
    assert asyncio.run(value(reader, WHO)) == asyncio.run(value(reader, WHO))
    assert len(reader._idle) <= postgresql_reader.CONNECTIONS


def test_a_connection_that_died_while_idle_is_replaced(
    reader: PostgresqlReader, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller hears nothing of it."""
    monkeypatch.setattr(postgresql_reader, "IDLE_SECONDS", 0.0)
    first = asyncio.run(value(reader, WHO))
    with psycopg.connect(postgresql.address, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 30000)", [first])
    assert asyncio.run(value(reader, WHO)) != first


def test_a_connection_that_dies_in_use_is_told(reader: PostgresqlReader, postgresql: PostgreSQL) -> None:
    """As something that the caller may repeat; then all is well again."""

    async def read() -> None:
        await value(reader, DOUBLED, number=1)
        sleeping = asyncio.create_task(value(reader, SLEEP))
        with psycopg.connect(postgresql.address, autocommit=True) as connection:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE %s AND pid <> %s"
            while not sleeping.done():
                connection.execute(ended, ["SELECT pg_sleep%", connection.info.backend_pid])
                await asyncio.sleep(0.01)
        with pytest.raises(VaultError, match="does not answer") as refused:
            await sleeping
        assert refused.value.retryable
        assert await value(reader, DOUBLED, number=1) == 2

    asyncio.run(read())


def test_an_answer_that_does_not_come_is_given_up(
    reader: PostgresqlReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is given up with it."""
    monkeypatch.setattr(bounded, "SECONDS", 0.5)
    with pytest.raises(VaultError, match="does not answer"):
        asyncio.run(value(reader, SLEEP))
    assert asyncio.run(value(reader, DOUBLED, number=1)) == 2


def test_a_reader_that_is_canceled_leaves_no_connection_in_the_middle(reader: PostgresqlReader) -> None:
    """Whoever reads next gets an answer of its own."""

    async def read() -> None:
        await value(reader, DOUBLED, number=1)
        sleeping = asyncio.create_task(value(reader, SLEEP))
        await asyncio.sleep(0)  # it has sent its statement by then
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert await value(reader, DOUBLED, number=1) == 2

    asyncio.run(read())


def test_a_server_that_is_down_is_told_and_found_again() -> None:
    """With new connections."""
    with running_postgresql() as server:
        database, reading = opened(server.address)
        try:
            assert asyncio.run(value(reading, DOUBLED, number=1)) == 2
            server.stop()
            for _ in range(2):
                with pytest.raises(VaultError, match="does not answer") as refused:
                    asyncio.run(value(reading, DOUBLED, number=1))
                assert refused.value.retryable
            server.start()
            assert asyncio.run(value(reading, DOUBLED, number=1)) == 2
        finally:
            reading.close()
            database.close()
