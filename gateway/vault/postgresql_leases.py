"""What a refresh ahead needs of `Leases`, on PostgreSQL: one statement each, from the event loop itself.

Hundreds of refreshes a second spend less processor time so than through threads, SQLAlchemy and a transaction
of several statements. Whatever is out of the ordinary is left to `Leases`.
"""

from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Text, bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.model import Grant, Lease, Tokens
from gateway.util.clock import Clock
from gateway.vault.database.row_reader import RowReader
from gateway.vault.database.tables import grants, handed_out, vault_facts
from gateway.vault.grant_rows import scopes_text, sealed_tokens
from gateway.vault.issued_tokens import IssuedTokens
from gateway.vault.keys.held_keys import Keys
from gateway.vault.leases import HELD, IS_WORKING, TAKE_WITH_TOKENS, leased_from

# As `Keys.in_force`, in one statement: no row while the key changes, or where another one is in force. It may
# miss a change that is announced while it waits; that ends only when nothing is left that the old key sealed.
_changing = select(vault_facts.c.name).where(vault_facts.c.name == literal_column("'next_master_key_id'"))
_in_force = (
    select(vault_facts.c.name)
    .where(
        vault_facts.c.name == literal_column("'master_key_id'"),
        vault_facts.c.value == bindparam("sealed_by", type_=Text),
        ~_changing.exists(),
    )
    .with_for_update(read=True)
    .cte("in_force")
)
_stored = (
    update(grants)
    .where(
        HELD,
        IS_WORKING,
        grants.c.token_version == bindparam("seen_version", type_=Integer),
        select(_in_force.c.name).exists(),
    )
    .values(
        status=literal_column("'authorized'"),
        status_reason=None,
        status_at=bindparam("now", type_=BigInteger),
        refreshed_at=bindparam("now", type_=BigInteger),
        lease_owner=None,
        token_version=grants.c.token_version + literal_column("1"),
        granted_scopes=func.coalesce(bindparam("named_scopes", type_=Text), grants.c.granted_scopes),
        access_token_sealed=bindparam("access_token_sealed", type_=LargeBinary),
        refresh_token_sealed=bindparam("refresh_token_sealed", type_=LargeBinary),
        token_type=bindparam("token_type", type_=Text),
        access_expires_at=bindparam("access_expires_at", type_=BigInteger),
        refresh_from=bindparam("refresh_from", type_=BigInteger),
    )
    .returning(grants.c.id)
    .cte("stored")
)
_issued = insert(handed_out).from_select(
    ["token_hmac", "grant_id", "expires_at"],
    select(
        bindparam("token_hmac", type_=Text), _stored.c.id, bindparam("access_expires_at", type_=BigInteger)
    ),
)
_STORE = _issued.on_conflict_do_update(
    index_elements=[handed_out.c.token_hmac, handed_out.c.grant_id],
    set_={"expires_at": _issued.excluded.expires_at},
).returning(handed_out.c.grant_id)


class PostgresqlLeases:
    """Leases of one vault, and what is stored under them."""

    def __init__(self, rows: RowReader, clock: Clock, keys: Keys, issued_tokens: IssuedTokens) -> None:
        self._rows = rows
        self._clock = clock
        self._keys = keys
        self._issued_tokens = issued_tokens

    async def take_with_tokens(
        self, grant_id: int, owner: str, milliseconds: int
    ) -> tuple[Lease, Grant, Tokens] | None:
        """As `Leases.take_with_tokens`."""
        wanted = {"grant_id": grant_id, "owner": owner, "milliseconds": milliseconds}
        row = await self._rows.first(TAKE_WITH_TOKENS, wanted)
        if row is None:
            return None
        return leased_from(self._keys, grant_id, owner, row)

    async def store_refresh(self, lease: Lease, seen_version: int, tokens: Tokens) -> bool:
        """As `Leases.store_refresh`; where this says False, that one may still store them."""
        if self._issued_tokens.purge_is_due():
            return False
        sealer = self._keys.sealer
        values: dict[str, Any] = {
            "leased": lease.grant_id,
            "holder": lease.owner,
            "fence": lease.fence,
            "seen_version": seen_version,
            "sealed_by": sealer.key_id,
            "now": int(self._clock.now()),
            "named_scopes": scopes_text(tokens.granted_scopes),
            "token_hmac": self._issued_tokens.hmac(tokens.access_token),
            **sealed_tokens(sealer, lease.grant_id, tokens),
        }
        return await self._rows.first(_STORE, values) is not None
