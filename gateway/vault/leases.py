"""The right to refresh a grant, held in its row: by one owner at a time, among all processes.

A lease has an owner, an expiry by the database's clock and a fencing number that every new lease raises.
Whoever was paused past the lease finds a higher number and cannot overwrite newer tokens.

A lease that ran out instead of being given back may have left an answer of Amazon's that its owner could not
store, with a new refresh token in place of the one in the row. So for one lease after it was taken over,
Amazon's refusal of that one is no proof that the authorization has ended.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, case, func, literal_column, or_, update
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.model import Grant, Lease, Tokens
from gateway.util.clock import Clock
from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import is_over, milliseconds_left
from gateway.vault.database.tables import grants
from gateway.vault.grant_rows import (
    GRANT_AND_TOKEN_COLUMNS,
    GRANT_COLUMNS,
    grant_and_tokens_from,
    grant_from,
    scopes_text,
    sealed_tokens,
)
from gateway.vault.issued_tokens import IssuedTokens
from gateway.vault.keys.held_keys import Keys
from gateway.vault.outbox import Outbox

# No lease lasts longer: of one that seems to, the clock was ahead when it was taken.
LONGEST_LEASE = 60_000  # milliseconds
IS_FREE = or_(grants.c.lease_owner.is_(None), is_over(grants.c.lease_expires_ms, LONGEST_LEASE))
_DOUBTED = milliseconds_left(grants.c.refusals_doubted_ms, LONGEST_LEASE)
_IN_A_LEASE = DatabaseMilliseconds() + bindparam("milliseconds", type_=BigInteger)
# Made once, as each refresh needs them: making a statement costs about as much as sending it.
_LEASE = (
    update(grants)
    .where(
        grants.c.id == bindparam("grant_id"),
        IS_FREE,
    )
    .values(
        lease_owner=bindparam("owner"),
        lease_fence=grants.c.lease_fence + 1,
        lease_expires_ms=_IN_A_LEASE,
        refusals_doubted_ms=case(
            (grants.c.lease_owner.is_not(None), _IN_A_LEASE), else_=grants.c.refusals_doubted_ms
        ),
    )
)
_TAKE = _LEASE.returning(grants.c.lease_fence, _DOUBTED)
TAKE_WITH_TOKENS = _LEASE.returning(grants.c.lease_fence, _DOUBTED, *GRANT_AND_TOKEN_COLUMNS)
HELD = and_(
    grants.c.id == bindparam("leased"),
    grants.c.lease_owner == bindparam("holder"),
    grants.c.lease_fence == bindparam("fence"),
)
# Its other parameters are named like the columns that they are for.
_STORE_ANYWAY = (
    update(grants)
    .where(HELD, grants.c.token_version == bindparam("seen_version"))
    .values(
        status="authorized",
        status_reason=None,
        lease_owner=None,
        token_version=bindparam("seen_version") + 1,
        granted_scopes=func.coalesce(bindparam("named_scopes", type_=Text), grants.c.granted_scopes),
    )
)
# Of most grants nobody was told that they work no more.
IS_WORKING = grants.c.status == literal_column("'authorized'")
_STORE = _STORE_ANYWAY.where(IS_WORKING)
_RECOVER = _STORE_ANYWAY.returning(*GRANT_COLUMNS)


class Leases:
    """The leases of all grants, and what is stored under them."""

    def __init__(
        self, database: Database, clock: Clock, keys: Keys, issued_tokens: IssuedTokens, outbox: Outbox
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._issued_tokens = issued_tokens
        self._outbox = outbox

    def take(self, grant_id: int, owner: str, milliseconds: int) -> Lease | None:
        """Take the right to refresh a grant, for LONGEST_LEASE at most; None while somebody else has it."""
        row = self._take(_TAKE, grant_id, owner, milliseconds)
        return None if row is None else Lease(grant_id, owner, row[0], row[1] / 1000)

    def take_with_tokens(
        self, grant_id: int, owner: str, milliseconds: int
    ) -> tuple[Lease, Grant, Tokens] | None:
        """Take the right to refresh a grant, and return what it holds at that moment; None as `take`.

        Raise SealBroken.
        """
        row = self._take(TAKE_WITH_TOKENS, grant_id, owner, milliseconds)
        if row is None:
            return None
        return leased_from(self._keys, grant_id, owner, row)

    def _take(
        self, statement: ReturningUpdate[Any], grant_id: int, owner: str, milliseconds: int
    ) -> Sequence[Any] | None:
        wanted = {"grant_id": grant_id, "owner": owner, "milliseconds": milliseconds}
        with self._database.changing() as connection:
            return connection.execute(statement, wanted).first()

    def renew(self, lease: Lease, milliseconds: int) -> bool:
        """Extend a lease from now on; False if it is somebody else's by now."""
        return self._change(lease, lease_expires_ms=DatabaseMilliseconds() + milliseconds)

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens if it is somebody else's by now."""
        self._change(lease, lease_owner=None)

    def store_refresh(self, lease: Lease, seen_version: int, tokens: Tokens) -> bool:
        """Store refreshed tokens and end the lease, unless newer ones or a newer lease are there (False).

        `seen_version` is the grant's `token_version` when the refresh began. Scopes stay as they were where
        the answer named none.
        """
        now = int(self._clock.now())
        with self._database.writing() as connection:
            values = {
                "refreshed_at": now,
                "status_at": now,
                "named_scopes": scopes_text(tokens.granted_scopes),
                **sealed_tokens(self._keys.in_force(connection), lease.grant_id, tokens),
            }
            wanted = {**_held(lease), "seen_version": seen_version, **values}
            if connection.execute(_STORE, wanted).rowcount != 1:
                row = connection.execute(_RECOVER, wanted).first()
                if row is None:
                    return False
                self._outbox.add(connection, "recovered", grant=grant_from(row))
            self._issued_tokens.record(connection, lease.grant_id, tokens)
            return True

    def settle_interrupted(self) -> int:
        """Give back the leases of a gateway that was stopped, and return how many there were.

        Only for who knows that nobody else works on this database: a refresh is then possible again at once.
        """
        with self._database.writing() as connection:
            held = update(grants).where(grants.c.lease_owner.is_not(None)).values(lease_owner=None)
            return connection.execute(held).rowcount

    def _change(self, lease: Lease, **values: Any) -> bool:
        """Change the row of a lease that is still held; False otherwise."""
        with self._database.changing() as connection:
            changed = connection.execute(update(grants).where(HELD).values(**values), _held(lease))
            return changed.rowcount == 1


def leased_from(keys: Keys, grant_id: int, owner: str, row: Sequence[Any]) -> tuple[Lease, Grant, Tokens]:
    """Return what a row of TAKE_WITH_TOKENS says. Raise SealBroken."""
    fence, doubted, *columns = row
    return Lease(grant_id, owner, fence, doubted / 1000), *grant_and_tokens_from(keys, columns)


def _held(lease: Lease) -> dict[str, Any]:
    """Return the parameters of HELD."""
    return {"leased": lease.grant_id, "holder": lease.owner, "fence": lease.fence}
