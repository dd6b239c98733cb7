"""Keeping what an authorization or an import gave: a new store or ads account, or other tokens of one."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.model import Attempt, Grant, Import, Kept, Tokens
from gateway.util.clock import Clock
from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import attempts, grants
from gateway.vault.grant_rows import GRANT_COLUMNS, grant_from, scopes_text, sealed_tokens
from gateway.vault.issued_tokens import IssuedTokens
from gateway.vault.keys.held_keys import Keys
from gateway.vault.outbox import Event, Outbox
from gateway.vault.unread_profiles import note_all_unread

T = TypeVar("T")

FIRST_ID = 10**11
LAST_ID = 2**53 - 1
INSERT_TRIES = 3


class GrantGone(Exception):
    """The store or ads account that was to be authorized again is the user's no more."""


class ConnectedElsewhere(Exception):
    """What an attempt authorized is kept for another customer of the web application that began it."""


def _found(kept: Kept) -> dict[str, Any]:
    """Return the columns of an attempt that tell what it found here."""
    return {"known_before": kept.before is not None, "previous_name": kept.previous_name}


class Authorizations:
    """Writes grants, each in one transaction with all that goes with it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: Keys,
        issued_tokens: IssuedTokens,
        audit: Audit,
        outbox: Outbox,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._issued_tokens = issued_tokens
        self._audit = audit
        self._outbox = outbox

    def authorize(
        self,
        attempt: Attempt,
        seller_id: str | None,
        tokens: Tokens,
        authorization_expires_at: int | None,
        given_at: int | None = None,
    ) -> Grant:
        """Keep what an authorization gave and end its attempt as `authorized`, in one transaction.

        `given_at`: epoch seconds of Amazon's answer, where that was earlier than now. What was given after
        it for the same store or account stays.

        The user's grant for the same store and region (ads: of the same name, or the one to be authorized
        again) keeps its id and gets the new tokens; a refresh that is under way is fenced off. Raise
        GrantGone, and keep nothing, where the one to be authorized again has been removed; and
        ConnectedElsewhere where it is another customer's and the attempt does not replace that.

        As all that is kept here, it may be repeated after an answer of the database's was lost: what was kept
        then is returned as it is by now. Raise GrantGone where it has been removed since.
        """
        kept_before = (
            select(attempts.c.id, *GRANT_COLUMNS)
            .join_from(attempts, grants, grants.c.id == attempts.c.grant_id, isouter=True)
            .where(attempts.c.id == attempt.id, attempts.c.phase == "authorized")
        )

        def store(connection: Connection) -> Grant:
            before = connection.execute(kept_before).first()
            if before is not None:
                if before[1] is None:
                    raise GrantGone
                return grant_from(before[1:])
            kept = self._keep(connection, attempt, seller_id, tokens, authorization_expires_at, given_at)
            grant = kept.grant
            connection.execute(
                update(attempts)
                .where(attempts.c.id == attempt.id)
                .values(
                    phase="authorized",
                    reason=None,
                    detail=None,
                    grant_id=grant.id,
                    ended_at=int(self._clock.now()),
                    **_found(kept),
                )
            )
            self._audit.record(connection, "authorized", who=attempt.user_name, grant=grant)
            self._notify(connection, attempt, grant)
            return grant

        return self._stored(store)

    def move(self, attempt: Attempt, grant: Grant, tokens: Tokens) -> Grant:
        """Keep a store that an attempt has just authorized under the region and site that it names now.

        A store of the same seller that is kept there takes the tokens over, with its own id. Raise GrantGone
        where the one that was authorized has been removed since; ConnectedElsewhere where the one there is
        another customer's: then the attempt is open to be ended, and what was new with it is gone.
        """
        # Which record was to be authorized again says nothing here: that one is `grant`, which moves.
        wanted = replace(attempt, expected_record_id=None)

        def store(connection: Connection) -> Grant | None:
            there = self._to_replace(connection, wanted, grant.seller_id)
            if there is not None and self._issued_tokens.is_recorded(connection, there.id, tokens):
                return there
            mine = grants.c.id == grant.id
            if there is None:
                where = {"region": wanted.region, "marketplace": wanted.marketplace}
                moved = update(grants).where(mine).values(**where).returning(*GRANT_COLUMNS)
                row = connection.execute(moved).first()
                if row is None:
                    raise GrantGone
                moved_here = grant_from(row)
                self._notify(connection, attempt, moved_here)
                return moved_here
            if _is_elsewhere(wanted, there):
                self._undo(connection, attempt, grant)
                return None
            if connection.execute(delete(grants).where(mine)).rowcount != 1:
                raise GrantGone
            kept = self._keep(
                connection, wanted, grant.seller_id, tokens, grant.authorization_expires_at, None
            )
            connection.execute(
                update(attempts).where(attempts.c.grant_id == grant.id).values(grant_id=kept.grant.id)
            )
            connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(**_found(kept)))
            self._notify(connection, attempt, kept.grant)
            return kept.grant

        kept = self._stored(store)
        if kept is None:
            raise ConnectedElsewhere
        return kept

    def _undo(self, connection: Connection, attempt: Attempt, grant: Grant) -> None:
        """Take back what an attempt has just authorized; what was kept before it stays as it is now.

        Nothing where that has been done: the answer to it was lost.
        """
        this = attempts.c.id == attempt.id
        authorized = select(attempts.c.known_before).where(this, attempts.c.phase == "authorized")
        found = connection.execute(authorized).first()
        if found is None:
            return
        if not found.known_before:
            connection.execute(delete(grants).where(grants.c.id == grant.id))
            self._audit.record(connection, "removed", who=attempt.user_name, grant=grant)
            self._outbox.add(connection, "removed", grant=grant, attempt=attempt)
        opened = {"phase": "exchanging", "grant_id": None, "ended_at": None, "known_before": None}
        connection.execute(update(attempts).where(this).values(**opened))

    def _notify(self, connection: Connection, attempt: Attempt, grant: Grant) -> None:
        """Write the notice of a consent, by what its attempt has found; another where its store has moved."""
        columns = select(attempts.c.known_before, attempts.c.previous_name)
        known, previous_name = connection.execute(columns.where(attempts.c.id == attempt.id)).one()
        event: Event = "reauthorized" if known else "authorized"
        facts = {"alreadyKnown": bool(known)} | ({"previousName": previous_name} if previous_name else {})
        self._outbox.add(connection, event, grant=grant, attempt=attempt, **facts)

    def import_tokens(self, wanted: Import, tokens: Tokens, given_at: int | None = None) -> Kept:
        """Keep tokens that came from elsewhere; as `authorize`, of which there was no attempt."""

        def store(connection: Connection) -> Kept:
            there = self._to_replace(connection, wanted, wanted.seller_id)
            if there is not None and self._issued_tokens.is_recorded(connection, there.id, tokens):
                # Tokens that are not its first ones took the place of others; under which name is not known.
                return Kept(there, there if there.authorized_version else None)
            kept = self._keep(connection, wanted, wanted.seller_id, tokens, None, given_at)
            self._audit.record(connection, "imported", grant=kept.grant)
            if kept.before is not None and kept.before.status == "needs_reauthorization":
                self._outbox.add(connection, "recovered", grant=kept.grant)
            return kept

        return self._stored(store)

    def _stored(self, store: Callable[[Connection], T]) -> T:
        for left in reversed(range(INSERT_TRIES)):
            try:
                with self._database.writing() as connection:
                    return store(connection)
            except IntegrityError:
                # The same store was authorized at the same moment: its row is there now, so replace that.
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _keep(
        self,
        connection: Connection,
        wanted: Attempt | Import,
        seller_id: str | None,
        tokens: Tokens,
        authorization_expires_at: int | None,
        given_at: int | None,
    ) -> Kept:
        now = int(self._clock.now())
        given_at = now if given_at is None else given_at
        sealer = self._keys.in_force(connection)
        existing = self._to_replace(connection, wanted, seller_id)
        external_id = _customer_of(wanted, existing)
        if existing is not None and given_at < existing.authorized_at <= now:
            return Kept(existing, existing)
        grant_id = existing.id if existing else FIRST_ID + secrets.randbelow(LAST_ID - FIRST_ID + 1)
        values: dict[str, Any] = {
            "name": wanted.name,
            "app_id": wanted.app_id,
            "region": wanted.region,
            "marketplace": wanted.marketplace or (existing.marketplace if existing else None),
            "central": wanted.central or (existing.central if existing else None),
            "status": "authorized",
            "status_reason": None,
            "status_at": now,
            "refreshed_at": now,
            "authorized_at": given_at,
            "authorization_expires_at": authorization_expires_at,
            "requested_scopes": scopes_text(wanted.requested_scopes),
            "granted_scopes": scopes_text(tokens.granted_scopes),
            "verified": None,
            "external_id": external_id,
            "return_url": _return_url_of(wanted) or (existing.return_url if existing else None),
            **sealed_tokens(sealer, grant_id, tokens),
        }
        if existing is None:
            fixed = {"id": grant_id, "user_id": wanted.user_id, "flow": wanted.flow, "seller_id": seller_id}
            connection.execute(insert(grants).values(**fixed, created_at=now, **values))
        else:
            if self._name_is_taken(connection, wanted, grant_id):
                values["name"] = existing.name
            connection.execute(
                update(grants)
                .where(grants.c.id == grant_id)
                .values(
                    **values,
                    lease_owner=None,
                    lease_fence=grants.c.lease_fence + 1,
                    token_version=grants.c.token_version + 1,
                    authorized_version=grants.c.token_version + 1,
                    refusals_doubted_ms=None,
                )
            )
        if wanted.flow == "ads":
            note_all_unread(connection, grant_id, now)
        self._issued_tokens.record(connection, grant_id, tokens)
        row = connection.execute(select(*GRANT_COLUMNS).where(grants.c.id == grant_id)).one()
        return Kept(grant_from(row), existing)

    def _to_replace(
        self, connection: Connection, wanted: Attempt | Import, seller_id: str | None
    ) -> Grant | None:
        """Find the grant that an authorization renews, and lock its row. Raise GrantGone."""
        record_id = wanted.expected_record_id if isinstance(wanted, Attempt) else None
        mine = and_(grants.c.user_id == wanted.user_id, grants.c.flow == wanted.flow)
        if record_id is not None:
            which = grants.c.id == record_id
        elif wanted.flow == "spapi":
            which = and_(grants.c.seller_id == seller_id, grants.c.region == wanted.region)
        else:
            which = grants.c.name == wanted.name
        row = connection.execute(select(*GRANT_COLUMNS).where(mine, which).with_for_update()).first()
        if row is None and record_id is not None:
            raise GrantGone
        return None if row is None else grant_from(row)

    def _name_is_taken(self, connection: Connection, wanted: Attempt | Import, grant_id: int) -> bool:
        """Tell whether another ads account of the user has the name: the renewed one then keeps its own."""
        if wanted.flow != "ads":
            return False
        others = select(grants.c.id).where(
            grants.c.user_id == wanted.user_id,
            grants.c.flow == "ads",
            grants.c.name == wanted.name,
            grants.c.id != grant_id,
        )
        return connection.execute(others).first() is not None


def _customer_of(wanted: Attempt | Import, existing: Grant | None) -> str | None:
    """Return the external id that is kept from now on. Raise ConnectedElsewhere.

    What was nobody's becomes the customer's who authorizes it; who names no customer changes nothing of that.
    """
    kept = existing.external_id if existing else None
    if not isinstance(wanted, Attempt) or wanted.external_id is None:
        return kept
    if existing is not None and _is_elsewhere(wanted, existing):
        raise ConnectedElsewhere
    return wanted.external_id


def _return_url_of(wanted: Attempt | Import) -> str | None:
    """Return where the customer is sent back to, where somebody says so."""
    return wanted.return_url if isinstance(wanted, Attempt) else None


def _is_elsewhere(wanted: Attempt, existing: Grant) -> bool:
    """Tell whether what is kept is another customer's, and to stay that."""
    ids = (wanted.external_id, existing.external_id)
    return None not in ids and ids[0] != ids[1] and not wanted.replaces
