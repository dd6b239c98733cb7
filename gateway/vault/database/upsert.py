"""Inserting a row, or changing the one that is there already: each database has its own words for it."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Column, ColumnElement, Insert, Table


def upsert(
    dialect: str,
    table: Table,
    key: Sequence[Column[Any]],
    changes: Callable[[Any], Mapping[str, ColumnElement[Any]]],
    where: ColumnElement[bool] | None = None,
) -> Insert:
    """Return the statement that inserts a row, or changes the one that has the same `key`.

    `dialect`: its name, as a connection's. `changes`: returns what becomes of which column, given the row
    that could not be inserted. `where`: of which row alone.
    """
    # Imported by its name, so that who uses SQLite does not load PostgreSQL's.
    inserted = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    statement: Insert = inserted.on_conflict_do_update(
        index_elements=list(key), set_=dict(changes(inserted.excluded)), where=where
    )
    return statement
