"""What users hold: stores and ads accounts, with their sealed tokens. `authorizations.py` puts them there."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from gateway.model import Flow, Grant, Kept, Region, Tokens
from gateway.util.clock import Clock
from gateway.vault.audit import Audit
from gateway.vault.database.changes import note_change
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import attempts, grants, profiles
from gateway.vault.grant_rows import (
    GRANT_AND_TOKEN_COLUMNS,
    GRANT_COLUMNS,
    HEALTHIEST_FIRST,
    grant_and_tokens_from,
    grant_from,
)
from gateway.vault.keys.held_keys import Keys
from gateway.vault.outbox import Outbox

TOKENS_DAMAGED = "tokens_damaged"

# Made once, as each refresh needs it: making a statement costs about as much as sending it.
_WITH_TOKENS = select(*GRANT_AND_TOKEN_COLUMNS).where(grants.c.id == bindparam("grant_id"))


class NameTaken(Exception):
    """Another ads account of the same user has that name already."""


class Grants:
    """Every authorization that Amazon gave, by user."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: Keys,
        audit: Audit,
        outbox: Outbox,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._outbox = outbox

    def stores_of(self, user_id: int, seller_id: str, region: Region | None = None) -> list[Grant]:
        """Return a user's grants for one seller: in one region, or in all, sorted by region."""
        query = _query().where(
            grants.c.user_id == user_id, grants.c.flow == "spapi", grants.c.seller_id == seller_id
        )
        if region is not None:
            query = query.where(grants.c.region == region)
        return self._all(query.order_by(grants.c.region))

    def account(self, user_id: int, record_id: int) -> Grant | None:
        """Return a user's ads account by its authRecordId."""
        return self._first(
            _query().where(grants.c.id == record_id, grants.c.user_id == user_id, grants.c.flow == "ads")
        )

    def accounts_covering(self, user_id: int, profile_id: int) -> list[Grant]:
        """Return the user's ads accounts that cover a profile, the newest healthy one first."""
        return self._all(
            _query()
            .join(profiles, profiles.c.grant_id == grants.c.id)
            .where(grants.c.user_id == user_id, grants.c.flow == "ads", profiles.c.profile_id == profile_id)
            .order_by(*HEALTHIEST_FIRST)
        )

    def others_named(self, grant: Grant) -> int:
        """Return how many other stores, or other ads accounts, of the same user have the same name."""
        others = select(func.count()).where(
            grants.c.user_id == grant.user_id,
            grants.c.flow == grant.flow,
            grants.c.name == grant.name,
            grants.c.id != grant.id,
        )
        with self._database.reading() as connection:
            return connection.execute(others).scalar_one()

    def get(self, grant_id: int) -> Grant | None:
        """Return a grant, whoever's it is."""
        return self._first(_query().where(grants.c.id == grant_id))

    def tokens(self, grant_id: int) -> Tokens | None:
        """Return a grant's tokens, unsealed. Raise SealBroken for a ciphertext that does not open."""
        found = self.with_tokens(grant_id)
        return None if found is None else found[1]

    def with_tokens(self, grant_id: int) -> tuple[Grant, Tokens] | None:
        """Return a grant and its tokens, as they are at one moment. Raise SealBroken."""
        with self._database.reading() as connection:
            row = connection.execute(_WITH_TOKENS, {"grant_id": grant_id}).first()
        return None if row is None else grant_and_tokens_from(self._keys, row)

    def mark_needs_reauthorization(self, grant_id: int, seen_version: int, reason: str) -> bool:
        """Record that Amazon no longer takes a grant's refresh token, and notify of it once.

        False if the tokens changed since, or it was recorded already.
        """
        which = and_(grants.c.id == grant_id, grants.c.token_version == seen_version)
        with self._database.writing() as connection:
            return self._mark(connection, which, reason)

    def mark_damaged(self, connection: Connection, grant_id: int) -> Grant:
        """Record that a grant's tokens do not open, in the transaction that puts others in their place.

        Notify of it unless the grant had to be authorized again anyway. Return the grant as it is then.
        """
        which = grants.c.id == grant_id
        self._mark(connection, which, TOKENS_DAMAGED)
        return grant_from(connection.execute(_query().where(which)).one())

    def _mark(self, connection: Connection, which: ColumnElement[bool], reason: str) -> bool:
        marked = (
            update(grants)
            .where(which, grants.c.status != "needs_reauthorization")
            .values(status="needs_reauthorization", status_reason=reason, status_at=int(self._clock.now()))
            .returning(*GRANT_COLUMNS)
        )
        row = connection.execute(marked).first()
        if row is None:
            return False
        grant = grant_from(row)
        self._audit.record(connection, "needs_reauthorization", grant=grant, outcome=reason)
        self._outbox.add(connection, "needs_reauthorization", grant=grant, reason=reason)
        return True

    def to_probe_with(self, flow: Flow) -> int | None:
        """Return a grant to find out with whether Amazon takes its application: one that worked lately."""
        query = (
            select(grants.c.id)
            .where(grants.c.flow == flow, grants.c.status == "authorized")
            .order_by(grants.c.refreshed_at.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def rename(self, user_id: int, grant_id: int, name: str) -> Kept | None:
        """Give a user's store or ads account another name; None where there is none.

        Nothing else of it changes. Raise NameTaken where another of the user's ads accounts has the name.
        """
        mine = and_(grants.c.id == grant_id, grants.c.user_id == user_id)
        try:
            with self._database.writing() as connection:
                row = connection.execute(_query().where(mine).with_for_update()).first()
                if row is None:
                    return None
                before = grant_from(row)
                grant = before._replace(name=name)
                if name != before.name:
                    connection.execute(update(grants).where(mine).values(name=name))
                    self._audit.record(connection, "renamed", grant=grant)
        except IntegrityError:
            raise NameTaken from None
        return Kept(grant, before)

    def remove_store(self, user_id: int, seller_id: str, region: Region) -> Grant | None:
        """Remove a user's store; None where there is none. A refresh that is under way finds no row."""
        return self._remove(
            and_(
                grants.c.user_id == user_id,
                grants.c.flow == "spapi",
                grants.c.seller_id == seller_id,
                grants.c.region == region,
            )
        )

    def remove_account(self, user_id: int, record_id: int) -> Grant | None:
        """Remove a user's ads account with its profiles; None where there is none."""
        return self._remove(
            and_(grants.c.user_id == user_id, grants.c.flow == "ads", grants.c.id == record_id)
        )

    def _remove(self, which: ColumnElement[bool]) -> Grant | None:
        """Delete a grant; its profiles and issued tokens go with it, its attempts stay without it.

        Return what it was.
        """
        with self._database.writing() as connection:
            row = connection.execute(delete(grants).where(which).returning(*GRANT_COLUMNS)).first()
            if row is None:
                return None
            grant = grant_from(row)
            connection.execute(update(attempts).where(attempts.c.grant_id == grant.id).values(grant_id=None))
            self._audit.record(connection, "removed", grant=grant)
            self._outbox.add(connection, "removed", grant=grant)
        return grant

    def set_verified(self, grant_id: int, verified: bool) -> None:
        """Record whether the store could be called with its token."""
        looked_at = update(grants).where(grants.c.id == grant_id).values(verified=verified)
        with self._database.writing() as connection:
            user_id = connection.execute(looked_at.returning(grants.c.user_id)).scalar()
            if user_id is not None:
                note_change(connection, user_id)

    def _first(self, query: Select[Any]) -> Grant | None:
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else grant_from(row)

    def _all(self, query: Select[Any]) -> list[Grant]:
        with self._database.reading() as connection:
            return [grant_from(row) for row in connection.execute(query)]

    def of_user(self, user_id: int, flow: Flow) -> list[Grant]:
        """Return a user's stores by seller id and region, or ads accounts by name."""
        query = (
            _query()
            .where(grants.c.user_id == user_id, grants.c.flow == flow)
            .order_by(grants.c.seller_id, grants.c.region, grants.c.name, grants.c.id)
        )
        return self._database.read_possibly_stale(
            lambda connection: [grant_from(row) for row in connection.execute(query)], of_user=user_id
        )


def _query() -> Select[Any]:
    return select(*GRANT_COLUMNS)
