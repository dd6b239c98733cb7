"""The hot read: one statement that checks the API key, finds the grant and brings its sealed tokens.

`storeTokens` is called for every request of every downstream skill. On SQLite the statement, compiled once,
runs on a raw connection of its own, on the event loop's thread: a local read is faster than changing threads.
"""

import sqlite3
import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from gateway.model import Caller, Flow, TokenRead
from gateway.vault.database.engine import BUSY_SECONDS, Database, describe_error, prepare_sqlite
from gateway.vault.database.tables import api_keys, grants, profiles, users
from gateway.vault.grant_rows import GRANT_COLUMNS, HEALTHIEST_FIRST, TOKEN_COLUMNS, grant_from, tokens_from
from gateway.vault.keys.held_keys import Keys
from gateway.vault.usage import Usage
from gateway.vault.users import presentable_digest

# Written into the statements: where a partial index depends on a parameter, SQLite plans anew for every call.
_FLOWS: dict[Flow, ColumnElement[str]] = {"spapi": literal_column("'spapi'"), "ads": literal_column("'ads'")}
_CALLER_COLUMNS = [api_keys.c.user_id, users.c.name, api_keys.c.id, api_keys.c.rights]
_CALLER = len(_CALLER_COLUMNS)
_GRANT = _CALLER + len(GRANT_COLUMNS)


def _statement(which_grant: ColumnElement[bool]) -> Select[Any]:
    """Select the caller and, where there is one, the caller's grant that is meant."""
    # Some columns are selected twice: labels keep their names apart.
    token_columns = [column.label(f"token_{column.name}") for column in TOKEN_COLUMNS]
    mine = and_(grants.c.user_id == api_keys.c.user_id, which_grant)
    return (
        select(*_CALLER_COLUMNS, *GRANT_COLUMNS, *token_columns)
        .select_from(api_keys)
        .join(users, users.c.id == api_keys.c.user_id)
        .outerjoin(grants, mine)
        .where(api_keys.c.key_sha256 == bindparam("digest"), api_keys.c.revoked_at.is_(None))
    )


_BY_STORE = _statement(
    and_(
        grants.c.flow == _FLOWS["spapi"],
        grants.c.seller_id == bindparam("seller_id"),
        grants.c.region == bindparam("region"),
    )
)
_BY_RECORD = {
    flow: _statement(and_(grants.c.flow == literal, grants.c.id == bindparam("record_id")))
    for flow, literal in _FLOWS.items()
}
_BY_PROFILE = (
    _statement(
        and_(
            grants.c.flow == _FLOWS["ads"],
            grants.c.id.in_(
                select(profiles.c.grant_id).where(profiles.c.profile_id == bindparam("profile_id"))
            ),
        )
    )
    .order_by(*HEALTHIEST_FIRST)
    .limit(1)
)


class TokenReader:
    """Reads tokens for presented API keys. `on_event_loop`: a call is quick enough to block an event loop."""

    def __init__(self, database: Database, keys: Keys, usage: Usage) -> None:
        self._keys = keys
        self._usage = usage
        self.on_event_loop = database.is_sqlite
        self._rows = _SqliteRows(database) if database.is_sqlite else _PooledRows(database)

    def by_store(self, presented: str, seller_id: str, region: str) -> TokenRead | None:
        """Read a store's tokens; None for an API key that does not work."""
        return self._read(_BY_STORE, presented, {"seller_id": seller_id, "region": region})

    def by_record(self, presented: str, flow: Flow, record_id: int) -> TokenRead | None:
        """Read the tokens of an authorization by its authRecordId; None for an API key that does not work."""
        return self._read(_BY_RECORD[flow], presented, {"record_id": record_id})

    def by_profile(self, presented: str, profile_id: int) -> TokenRead | None:
        """Read the tokens of the newest healthy account that covers a profile; None as above."""
        return self._read(_BY_PROFILE, presented, {"profile_id": profile_id})

    def close(self) -> None:
        """Close what only this reader uses."""
        self._rows.close()

    def _read(self, statement: Select[Any], presented: str, values: dict[str, Any]) -> TokenRead | None:
        digest = presentable_digest(presented)
        if digest is None:
            return None
        values["digest"] = digest
        row = self._rows.first(statement, values)
        if row is None:
            return None
        user_id, user_name, key_id, rights = row[:_CALLER]
        caller = Caller(user_id, user_name, key_id, frozenset(rights.split()))
        if row[_CALLER] is None:
            self._usage.note(key_id)
            return TokenRead(caller, None, None)
        self._usage.note(key_id, row[_CALLER])
        return TokenRead(caller, grant_from(row[_CALLER:_GRANT]), tokens_from(self._keys, row[_GRANT:]))


class _SqliteRows:
    """A connection of its own, which only ever reads, and the statements compiled for it."""

    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(
            database.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        prepare_sqlite(self._connection)
        self._connection.execute("PRAGMA query_only=ON")
        self._lock = threading.Lock()
        self._compiled = {
            id(statement): _named_sql(statement)
            for statement in (_BY_STORE, *_BY_RECORD.values(), _BY_PROFILE)
        }

    def first(self, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any] | None:
        sql, constants = self._compiled[id(statement)]
        try:
            with self._lock:
                # All rows, never more than one: a cursor left in the middle would hold its snapshot open.
                rows = self._connection.execute(sql, constants | values).fetchall()
        except sqlite3.Error as error:
            raise describe_error(error) or error from None
        return rows[0] if rows else None

    def close(self) -> None:
        self._connection.close()


class _PooledRows:
    """The same over the connection pool, for a database across the network."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first(self, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any] | None:
        with self._database.reading() as connection:
            row = connection.execute(statement, values).first()
        return None if row is None else tuple(row)

    def close(self) -> None:
        """Nothing to do: the pool belongs to the database."""


def _named_sql(statement: Select[Any]) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=sqlite_dialect(paramstyle="named"))
    return compiled.string, dict(compiled.params)
