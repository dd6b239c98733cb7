"""Moves a vault from its SQLite file to a PostgreSQL: rows as they are, and ciphertexts sealed as they are.

The target is marked before the first row and until all of them were compared, so that no gateway opens half a
vault. A copy that was interrupted is taken up again: what is there and equal stays, the rest is made equal.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select, tuple_, update

from gateway.vault.database.engine import Database
from gateway.vault.database.migration import (
    NEWEST,
    current_version,
    require_own_version,
    take_migration_lock,
    upgrade,
)
from gateway.vault.database.tables import audit, metadata, vault_facts
from gateway.vault.errors import VaultError
from gateway.vault.keys.facts import UNFINISHED_COPY, Facts

BATCH = 500

Row = tuple[Any, ...]


def copy_vault(source: Database, target: Database) -> dict[str, int]:
    """Copy everything and return how many rows each table has. Nobody may write to the source meanwhile.

    Raise VaultError: the source is none, or of another version; the target holds something else; the two
    differ after all.
    """
    with source.reading() as connection:
        require_own_version(connection, "a copy")
        facts = Facts.read(connection) if current_version(connection) == NEWEST else None
    if facts is None:
        raise VaultError(
            "there is no vault of this version to copy",
            "Start and stop the gateway on this data folder once; that brings its tables up to date.",
            "not_set_up",
        )
    with target.writing() as connection:
        _take(connection, facts.vault_id)
    counts: dict[str, int] = {}
    tables = [table for table in metadata.sorted_tables if table is not vault_facts]
    for table in tables:
        counts[table.name] = _make_equal(source, target, table)
    # What was removed from the source since an interrupted copy: children before what they refer to.
    for table in reversed(tables):
        _remove_others(source, target, table)
    for table in tables:
        _compare(source, target, table)
    with source.reading() as reading:
        facts_rows = [_values(vault_facts, tuple(row)) for row in reading.execute(select(vault_facts))]
    with target.writing() as writing:
        _set_counters(writing, tables)
        writing.execute(delete(vault_facts))
        writing.execute(insert(vault_facts), facts_rows)
    return counts


def _take(connection: Connection, vault_id: str) -> None:
    """Make the target's tables, and mark it as a copy of this vault under way. Raise VaultError."""
    take_migration_lock(connection)
    version = current_version(connection)
    if version is not None:
        found: dict[str, str] = dict(connection.execute(select(vault_facts)).all())
        if found.get(UNFINISHED_COPY) == vault_id:
            upgrade(connection)
            return
        if found:
            raise VaultError(
                "the target holds this vault already"
                if found.get("vault_id") == vault_id
                else "the target holds another vault",
                "Name an empty database. Nothing was changed.",
                "bad_arguments",
            )
    upgrade(connection)
    connection.execute(insert(vault_facts).values(name=UNFINISHED_COPY, value=vault_id))


def _make_equal(source: Database, target: Database, table: Table) -> int:
    """Bring a table's rows over, batch by batch, each in a transaction; return how many there are."""
    count = 0
    for batch in _batches(source, table):
        count += len(batch)
        with target.writing() as connection:
            there = _rows_of(connection, table, batch)
            new = [row for row in batch if _key(table, row) not in there]
            if new:
                connection.execute(insert(table), [_values(table, row) for row in new])
            for row in batch:
                if there.get(_key(table, row), row) != row:
                    connection.execute(update(table).where(_is(table, row)).values(_values(table, row)))
    return count


def _remove_others(source: Database, target: Database, table: Table) -> None:
    """Remove rows of the target that the source does not have."""
    if table is audit:  # its rows are never removed, in neither of the two
        return
    for batch in _batches(target, table):
        with source.reading() as connection:
            there = _rows_of(connection, table, batch)
        with target.writing() as connection:
            for row in batch:
                if _key(table, row) not in there:
                    connection.execute(delete(table).where(_is(table, row)))


def _compare(source: Database, target: Database, table: Table) -> None:
    """Compare the two tables row by row, by digests. Raise VaultError where they differ."""
    if _digest(source, table) != _digest(target, table):
        raise VaultError(
            f"the copy of {table.name} differs from what was copied",
            "Run it again. The target cannot be opened until a copy has succeeded.",
        )


def _digest(database: Database, table: Table) -> tuple[int, int]:
    """Return how many rows there are and the sum of their digests, in which their order does not matter."""
    count = total = 0
    for batch in _batches(database, table):
        count += len(batch)
        for row in batch:
            digest = hashlib.sha256(repr(row).encode("utf-8", "surrogatepass")).digest()
            total = (total + int.from_bytes(digest)) % 2**256
    return count, total


def _batches(database: Database, table: Table) -> Iterator[list[Row]]:
    """Return all rows, as they are at one moment."""
    with database.snapshot() as connection:
        found = connection.execution_options(yield_per=BATCH).execute(select(table))
        rows = (tuple(row) for row in found)
        while batch := list(islice(rows, BATCH)):
            yield batch


def _rows_of(connection: Connection, table: Table, batch: Sequence[Row]) -> dict[Row, Row]:
    """Return the rows of a table that have the keys of these, by key."""
    which = tuple_(*table.primary_key.columns).in_([_key(table, row) for row in batch])
    found = (tuple(row) for row in connection.execute(select(table).where(which)))
    return {_key(table, row): row for row in found}


def _key(table: Table, row: Row) -> Row:
    return tuple(value for column, value in zip(table.columns, row, strict=True) if column.primary_key)


def _is(table: Table, row: Row) -> ColumnElement[bool]:
    pairs = zip(table.primary_key.columns, _key(table, row), strict=True)
    return and_(*(column == value for column, value in pairs))


def _values(table: Table, row: Row) -> dict[str, Any]:
    return dict(zip(table.columns.keys(), row, strict=True))


def _set_counters(connection: Connection, tables: Sequence[Table]) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    for table in tables:
        column = table.autoincrement_column
        if connection.dialect.name == "postgresql" and column is not None:
            highest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, highest, False)))
