"""A gateway for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from gateway.vault.database import engine
from tests.support.gateway_server import Amazon, Gateway, running_gateway


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Let all SQLite files share the statements that SQLAlchemy has compiled.

    It keeps them for one engine and one dialect object, and every test opens an engine of its own.
    """
    compiled: dict[Any, Any] = {}
    create_engine = engine.create_engine

    def create_sharing_engine(address: str, **options: Any) -> Engine:
        created = create_engine(address, **options)
        if created.dialect.name == "sqlite":
            created.update_execution_options(compiled_cache=compiled)
        return created

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create_sharing_engine)
        patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda one: hash(type(one)))
        patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other))
        yield


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway on a vault of its own, at a time that stands still."""
    with running_gateway(amazon, tmp_path) as running:
        yield running
