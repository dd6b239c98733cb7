"""The hot reads: one statement checks the API key, finds the grant and brings its sealed tokens.

`storeTokens` is called for every request of every downstream skill, and the developer proxy with its tokens
as often, so the statements are compiled once and go past SQLAlchemy, from the event loop itself (see
`sqlite_reader` and `postgresql_reader`).
"""

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, select

from gateway.model import Caller, Flow, Grant, Region, TokenRead
from gateway.regions import INDIA_ASKED, INDIA_KEPT, in_region
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.database.row_reader import RowReader
from gateway.vault.database.tables import api_keys, grants, handed_out, profiles, users
from gateway.vault.grant_rows import GRANT_COLUMNS, HEALTHIEST_FIRST, SEALED_COLUMNS, grant_from, tokens_of
from gateway.vault.issued_tokens import IssuedTokens
from gateway.vault.keys.held_keys import Keys
from gateway.vault.usage import Usage
from gateway.vault.users import OF_KEY, caller_from, presentable_digest

# Written into the statements: where a partial index depends on a parameter, SQLite plans anew for every call.
_FLOWS: dict[Flow, ColumnElement[str]] = {"spapi": literal_column("'spapi'"), "ads": literal_column("'ads'")}
_CALLER_COLUMNS = [api_keys.c.user_id, users.c.name, api_keys.c.id, api_keys.c.rights, api_keys.c.label]
_CALLER = len(_CALLER_COLUMNS)
_GRANT = _CALLER + len(GRANT_COLUMNS)


def _statement(which_key: ColumnElement[bool], which_grant: ColumnElement[bool]) -> Select[Any]:
    """Select the caller of a key in force and, where there is one, the caller's grant that is meant."""
    mine = and_(grants.c.user_id == api_keys.c.user_id, which_grant)
    return (
        select(*_CALLER_COLUMNS, *GRANT_COLUMNS, *SEALED_COLUMNS)
        .select_from(api_keys)
        .join(users, users.c.id == api_keys.c.user_id)
        .outerjoin(grants, mine)
        .where(which_key, api_keys.c.revoked_at.is_(None))
    )


_THE_KEY = api_keys.c.key_sha256 == bindparam("digest")
_KEY_OF_ID = api_keys.c.id == bindparam("key_id")
_THE_STORE = and_(
    grants.c.flow == _FLOWS["spapi"],
    grants.c.seller_id == bindparam("seller_id"),
    grants.c.region == bindparam("region"),
)
_BY_STORE = _statement(_THE_KEY, _THE_STORE)
_STORE_OF = _statement(_KEY_OF_ID, _THE_STORE)
_BY_RECORD = {
    flow: _statement(_THE_KEY, and_(grants.c.flow == literal, grants.c.id == bindparam("record_id")))
    for flow, literal in _FLOWS.items()
}
_BY_PROFILE = (
    _statement(
        _THE_KEY,
        and_(
            grants.c.flow == _FLOWS["ads"],
            grants.c.id.in_(
                select(profiles.c.grant_id).where(profiles.c.profile_id == bindparam("profile_id"))
            ),
        ),
    )
    .order_by(*HEALTHIEST_FIRST)
    .limit(1)
)
_BY_KEY_ID = _statement(_KEY_OF_ID, grants.c.id == bindparam("grant_id"))
_OF_TOKEN = {
    flow: select(*GRANT_COLUMNS)
    .join(handed_out, handed_out.c.grant_id == grants.c.id)
    .where(
        handed_out.c.token_hmac == bindparam("hmac"),
        handed_out.c.expires_at > bindparam("now"),
        grants.c.user_id == bindparam("of_user"),
        grants.c.flow == literal,
    )
    for flow, literal in _FLOWS.items()
}


class TokenReader:
    """Reads who calls with an API key, the tokens that are asked for, and whose token is presented."""

    def __init__(
        self, rows: RowReader, keys: Keys, usage: Usage, issued_tokens: IssuedTokens, clock: Clock
    ) -> None:
        self._rows = rows
        self._keys = keys
        self._usage = usage
        self._issued_tokens = issued_tokens
        self._clock = clock

    async def caller(self, presented: str) -> Caller | None:
        """Read who an API key belongs to, for a call that asks for no tokens; None, and raises, as below."""
        digest = presentable_digest(presented)
        row = None if digest is None else await self._rows.first(OF_KEY, {"digest": digest})
        if row is None:
            return None
        caller = caller_from(row)
        self._usage.record_use(caller.key_id)
        return caller

    async def by_store(self, presented: str, seller_id: str, region: Region) -> TokenRead | None:
        """Read the tokens of the store that a region means; None for an API key that does not work.

        Raise VaultError.
        """
        digest = presentable_digest(presented)
        return None if digest is None else await self._store(_BY_STORE, {"digest": digest}, seller_id, region)

    def store_of(self, caller: Caller, seller_id: str, region: Region) -> Awaitable[TokenRead | None]:
        """Read the same for who is known already; None where the key has been revoked since."""
        return self._store(_STORE_OF, {"key_id": caller.key_id}, seller_id, region)

    def by_record(self, presented: str, flow: Flow, record_id: int) -> Awaitable[TokenRead | None]:
        """Read the tokens of an authorization by its authRecordId; None, and raises, as above."""
        return self._read(_BY_RECORD[flow], presented, {"record_id": record_id})

    def by_profile(self, presented: str, profile_id: int) -> Awaitable[TokenRead | None]:
        """Read the tokens of the newest healthy account that covers a profile; None, and raises, as above."""
        return self._read(_BY_PROFILE, presented, {"profile_id": profile_id})

    def by_key_id(self, key_id: str, grant_id: int) -> Awaitable[TokenRead | None]:
        """Read the tokens of a grant for who has the API key of a public id, as a stand-in token says both.

        None for a key that does not work; without a grant where it is gone, or another user's. Raise
        VaultError.
        """
        return self._first(_BY_KEY_ID, {"key_id": key_id, "grant_id": grant_id})

    async def grant_of(self, user_id: int, flow: Flow, access_token: Secret) -> Grant | None:
        """Return the user's grant that a token was issued for; None for any other and an expired one."""
        wanted = {
            "hmac": self._issued_tokens.hmac(access_token),
            "now": int(self._clock.now()),
            "of_user": user_id,
        }
        row = await self._rows.first(_OF_TOKEN[flow], wanted)
        return None if row is None else grant_from(row)

    async def _read(self, statement: Select[Any], presented: str, values: dict[str, Any]) -> TokenRead | None:
        digest = presentable_digest(presented)
        if digest is None:
            return None
        values["digest"] = digest
        return await self._first(statement, values)

    async def _store(
        self, statement: Select[Any], whose: dict[str, Any], seller_id: str, region: Region
    ) -> TokenRead | None:
        read = await self._first(statement, {**whose, "seller_id": seller_id, "region": region})
        if region != INDIA_ASKED or read is None or read.grant is not None:
            return read
        kept = await self._first(statement, {**whose, "seller_id": seller_id, "region": INDIA_KEPT})
        is_meant = kept is not None and kept.grant is not None and in_region([kept.grant], region)
        return kept if is_meant else read

    async def _first(self, statement: Select[Any], values: dict[str, Any]) -> TokenRead | None:
        row = await self._rows.first(statement, values)
        if row is None:
            return None
        caller = caller_from(row[:_CALLER])
        if row[_CALLER] is None:
            self._usage.record_use(caller.key_id)
            return TokenRead(caller, None, None)
        self._usage.record_use(caller.key_id, row[_CALLER])
        grant = grant_from(row[_CALLER:_GRANT])
        return TokenRead(caller, grant, tokens_of(grant, self._keys, row[_GRANT:]))
