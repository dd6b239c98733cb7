"""What the tests of the vault put into it."""

import base64
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from gateway.model import Attempt, Flow, Grant, NewAttempt, Profile, Tokens
from gateway.tokens.service import JUST_REFRESHED
from gateway.util.secret import Secret
from gateway.vault.database.engine import Database, open_database
from gateway.vault.database.migration import upgrade
from gateway.vault.errors import VaultError
from gateway.vault.vault import DATABASE_FILE, Vault

MASTER_KEY = Secret(base64.b64encode(bytes(range(32))).decode())


@cache
def _empty_tables() -> bytes:
    """A SQLite file with this version's tables and nothing in them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, DATABASE_FILE)
        with closing(open_database(None, path)) as database, database.writing() as connection:
            upgrade(connection)
        return path.read_bytes()


def lay_tables(data_dir: Path) -> None:
    """Put empty tables where there is no vault yet, so that opening it has none to make.

    To make them costs more than all the rest of opening; what makes them has tests of its own.
    """
    path = data_dir / DATABASE_FILE
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_empty_tables())


def forget_forced_refreshes(database: Path) -> None:
    """Let the last refreshes in a SQLite file be so long ago that the next one forced asks Amazon."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute("UPDATE grants SET refreshed_at = refreshed_at - ?", [JUST_REFRESHED])
        connection.execute("UPDATE users SET forced_refreshes_ms = NULL")


def tokens(label: str = "first", *, scopes: tuple[str, ...] | None = None) -> Tokens:
    """Tokens that can be told apart by their label."""
    return Tokens(
        Secret(f"Atza|{label}" + "a" * 340),
        Secret(f"Atzr|{label}" + "r" * 340),
        "bearer",
        1_800_003_600,
        scopes,
    )


def new_attempt(user_id: int, flow: Flow = "spapi", name: str = "My Store", **values: Any) -> NewAttempt:
    """An attempt to authorize."""
    given = {"region": "NA", "app_id": "app", "redirect_uri": "http://localhost/cb", "lifetime": 900} | values
    return NewAttempt(user_id=user_id, flow=flow, name=name, **given)


def consumed(
    vault: Vault, user_id: int, flow: Flow = "spapi", name: str = "My Store", **values: Any
) -> Attempt:
    """An attempt whose callback has come."""
    _, state = vault.attempts.begin(new_attempt(user_id, flow, name, **values))
    attempt = vault.attempts.consume(state.reveal(), flow)
    assert attempt is not None
    return attempt


def store(vault: Vault, user_id: int, seller_id: str = "A1", label: str = "first", **values: Any) -> Grant:
    """An authorized store."""
    return vault.authorizations.authorize(consumed(vault, user_id, **values), seller_id, tokens(label), None)


def account(vault: Vault, user_id: int, name: str = "Brand", label: str = "first", **values: Any) -> Grant:
    """An authorized ads account."""
    return vault.authorizations.authorize(
        consumed(vault, user_id, "ads", name, **values), None, tokens(label), None
    )


def profile(grant_id: int, profile_id: int = 2**63 - 1) -> Profile:
    """An advertising profile."""
    return Profile(
        grant_id,
        profile_id,
        "NA",
        "US",
        "USD",
        12.5,
        "America/Los_Angeles",
        "E1",
        "seller",
        "Brand",
        "ATVPDKIKX0DER",
    )


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """Let a database answer and refuse every write, as a standby or a disk that failed does."""
    statement = "PRAGMA query_only = ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(database.engine, "begin", begin)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", begin)
        # SQLite's stays with the connection.
        database.engine.dispose()


@contextmanager
def lost_answer(database: Database) -> Iterator[None]:
    """Let the next transaction be committed, and its end not be heard of: the connection broke just then."""
    real = database.writing

    @contextmanager
    def writing() -> Iterator[Connection]:
        with real() as connection:
            yield connection
        database.writing = real  # type: ignore[method-assign]
        raise VaultError("the PostgreSQL does not answer", "Check that it runs.", retryable=True)

    database.writing = writing  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.writing = real  # type: ignore[method-assign]
