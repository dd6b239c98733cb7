"""One way to read and one way to write, the same on SQLite and PostgreSQL.

Every transaction says beforehand whether it will write: SQLite then takes its write lock at the start
(BEGIN IMMEDIATE), since raising a read to a write fails at once, whatever the timeout.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Dialect, Engine, create_engine, delete, event, insert, make_url, select
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import BigInteger

from gateway.util.secret import Secret
from gateway.vault.database.changes import OPTION, count_changes
from gateway.vault.database.tables import vault_facts
from gateway.vault.database.troubles import describe_error, translated_errors
from gateway.vault.database.writes import Writes
from gateway.vault.errors import VaultError

T = TypeVar("T")

BUSY_SECONDS = 10
# Writers wait while the log is being emptied, so nobody waits long for readers there.
TRUNCATE_SECONDS = 0.5
POSTGRES_POOL = 10
PROBE = "write_probe"
# About as much as a refresh writes: less might find room where that does not.
PROBE_LENGTH = 8192
# So long a connection may have been idle and is used without being asked.
IDLE_SECONDS = 1.0


class DatabaseMilliseconds(FunctionElement[int]):
    """The database's own clock in milliseconds since 1970, which all replicas share."""

    type = BigInteger()
    inherit_cache = True


@compiles(DatabaseMilliseconds, "sqlite")
def _sqlite_milliseconds(_element: DatabaseMilliseconds, _compiler: Any, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(DatabaseMilliseconds, "postgresql")
def _postgresql_milliseconds(_element: DatabaseMilliseconds, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


class Replica(Protocol):
    """What may answer in place of the database: see `read_replica`, which few load."""

    @property
    def lag(self) -> float:
        """So many seconds old, at most, is what it holds."""
        ...

    @property
    def usable(self) -> bool:
        """Whether reads go there just now."""
        ...

    def look(self) -> None:
        """Find out how far it has come. Raise VaultError where the database itself does not answer."""
        ...

    def read(self, work: Callable[[Connection], T], of_user: int | None) -> T:
        """Do what only reads, there or on the database itself. Raise VaultError."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Database:
    """An engine with `reading()` and `writing()` transactions. `path` is the SQLite file, or None.

    `replica`: where what may be a little old is read, if there is one.
    """

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path
        self.replica: Replica | None = None
        self.writes = Writes()
        self._without_transaction = engine if path else engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def dialect(self) -> Dialect:
        """The SQL dialect that this database speaks."""
        return self.engine.dialect

    @property
    def program(self) -> str:
        """The version of SQLite's or PostgreSQL's program, such as `15.4`."""
        return ".".join(map(str, self.dialect.server_version_info or ()))

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.path is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that only reads: on SQLite one moment, on PostgreSQL each statement its own.

        There, every statement of a transaction sees what was committed before it all the same (READ
        COMMITTED), and beginning and ending one would cost two round trips more.
        """
        with translated_errors(), self._without_transaction.connect() as connection:
            yield connection

    def read_possibly_stale(self, work: Callable[[Connection], T], *, of_user: int | None = None) -> T:
        """Do what only reads and may be a little old: on the replica, if there is one that is recent enough.

        `work` may be begun twice. `of_user`: whose own changes are not to be missed, wherever they were made
        (see `read_replica`). Not for what decides who may do what, nor for tokens. Raise VaultError.
        """
        if self.replica is not None:
            return self.replica.read(work, of_user)
        with self.reading() as connection:
            return work(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a transaction that only reads, all as it is at one moment; results may come bit by bit."""
        engine = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        with translated_errors(), engine.begin() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Open a connection for one statement that writes, which is a transaction by itself."""
        if self.is_sqlite:
            with self.writing() as connection:
                yield connection
            return
        with translated_errors(), self._without_transaction.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that may write; it commits at the end, and rolls back on an error."""
        with self.writes.watched(), translated_errors(), self.engine.connect() as connection:
            changed: set[int] = set()
            connection = connection.execution_options(linkfox_writes=True, **{OPTION: changed})
            with connection.begin():
                yield connection
                if not self.is_sqlite:  # of which there are no replicas
                    count_changes(connection)

    def clock(self) -> float:
        """Return what time it is for the database, in seconds since 1970. Raise VaultError."""
        with self.reading() as connection:
            return float(connection.scalar(select(DatabaseMilliseconds())) or 0) / 1000

    def probe_writes(self) -> None:
        """Find out whether it takes writes, which `writes` then tells.

        A row is written and removed again in one transaction, so nobody else sees it.
        """
        with self.writes.probing(), self.writing() as connection:
            connection.execute(insert(vault_facts).values(name=PROBE, value="-" * PROBE_LENGTH))
            connection.execute(delete(vault_facts).where(vault_facts.c.name == PROBE))

    def truncate_log(self) -> bool:
        """Empty the write-ahead log, where old ciphertexts would stay; False where somebody is reading.

        PostgreSQL takes care of its own.
        """
        if self.path is None:
            return True
        try:
            with closing(sqlite3.connect(self.path, timeout=TRUNCATE_SECONDS)) as connection:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise describe_error(error) or error from None
        return not busy

    def close(self) -> None:
        """Close all connections."""
        if self.replica is not None:
            self.replica.close()
        self.engine.dispose()


def open_database(
    url: Secret | None, sqlite_path: Path, *, patient: bool = False, within: float | None = None
) -> Database:
    """Open the PostgreSQL at `url`, or with None the SQLite file, created for its owner only (0600).

    `patient`: for work on whole tables, whose statements may take any time. `within`: seconds in which each
    statement has to be answered, where that is not as usual.
    """
    return _open_sqlite(sqlite_path) if url is None else _open_postgresql(url, patient, within)


def _open_postgresql(url: Secret, patient: bool, within: float | None) -> Database:
    from gateway.vault.database.postgresql_troubles import (
        bad_address,  # who uses SQLite does not load it
        check_address,
    )

    # Behind a PgBouncer that pools transactions there are no prepared statements and no session state.
    try:
        address = make_url(url.reveal())
        check_address(address)
        engine = create_engine(
            address,
            connect_args={"prepare_threshold": None, "connect_timeout": int(within or BUSY_SECONDS)},
            pool_size=POSTGRES_POOL,
            hide_parameters=True,
        )
    except (ArgumentError, ValueError):
        raise bad_address() from None
    _ask_idle_connections(engine)
    if not patient:
        from gateway.vault.database.bounded import (
            bound_waiting,  # psycopg, which who uses SQLite does not load
        )

        bound_waiting(engine, within)
    return Database(engine, None)


def _ask_idle_connections(engine: Engine) -> None:
    """Replace a connection that died while it was idle, before it is used.

    To ask each one each time costs as much as a read. One that dies in between fails one call, which can be
    repeated, and the pool then replaces all of them.
    """

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < IDLE_SECONDS:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            alive = False
        if not alive:
            raise DisconnectionError


def _open_sqlite(path: Path) -> Database:
    _create_private(path)
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        prepare_sqlite(connection)

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("linkfox_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, path)


def prepare_sqlite(connection: sqlite3.Connection) -> None:
    """Set what every connection to the vault's file has to have; transactions are begun by hand."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _create_private(path: Path) -> None:
    """Create the file with 0600 before SQLite would create it with whatever the umask leaves.

    An existing file is looked at without opening it: closing any descriptor of a file drops the locks that
    SQLite holds on it elsewhere in this process (POSIX advisory locks).
    """
    if os.name == "nt":
        return
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            raise VaultError(
                f"{path} is not a file that only its owner can read",
                f"Check who changed it, then: chmod 600 {path}",
            ) from None
    except OSError as error:
        raise VaultError(
            f"{path} cannot be created ({error.strerror})",
            "Give the gateway's user write permission on the data folder and make room on its disk.",
        ) from None
