"""Authorizations under way. A state works once: one statement consumes it, the second comer gets nothing."""

import hashlib
import json
import secrets
from collections.abc import Collection
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.model import Attempt, Flow, NewAttempt
from gateway.util import counters
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import attempts, authorization_codes, users
from gateway.vault.outbox import Event, Outbox

_COLUMNS = [column for column in attempts.c if column.name not in {"state_sha256", "consumer"}]
INTERRUPTED = "interrupted"
EXPIRED: Literal["expired"] = "expired"
# An exchange with its repetitions takes no longer; one older than this was cut off by a crash.
LONGEST_EXCHANGE = 120
# How long after its link's end an attempt can be asked about.
KEPT_SECONDS = 30 * 24 * 3600
MOST_FORGOTTEN = 1000
# Whoever has a link can open its callback with codes that they made up, and each that waits is a row.
MOST_CODES = 10


class CodeRefused(Exception):
    """An authorization code that an attempt does not get.

    `reason`: `code_taken`, a callback brought it before; `too_many_codes`, more came than MOST_CODES.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Attempts:
    """Every authorization, from its link to its end."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, outbox: Outbox) -> None:
        self._database = database
        self._audit = audit
        self._outbox = outbox
        self._clock = clock

    def begin(self, new: NewAttempt) -> tuple[str, Secret]:
        """Write down an authorization that begins; return its id and its state (256 random bits)."""
        attempt_id = _new_id()
        state = Secret(secrets.token_urlsafe(32))
        now = int(self._clock.now())
        with self._database.writing() as connection:
            connection.execute(
                insert(attempts).values(
                    id=attempt_id,
                    user_id=new.user_id,
                    flow=new.flow,
                    state_sha256=_digest(state.reveal()),
                    app_id=new.app_id,
                    redirect_uri=new.redirect_uri,
                    region=new.region,
                    name=new.name,
                    marketplace=new.marketplace,
                    central=new.central,
                    requested_scopes=json.dumps(new.requested_scopes),
                    expected_seller_id=new.expected_seller_id,
                    expected_record_id=new.expected_record_id,
                    return_url=new.customer.return_url,
                    external_id=new.customer.external_id,
                    replaces=new.customer.replace,
                    phase="pending",
                    created_at=now,
                    expires_at=now + new.lifetime,
                )
            )
        return attempt_id, state

    def hold_code(self, attempt_id: str, code: Secret, browser: Secret) -> bool:
        """Write down that a callback brought this code for an attempt, once or again, and which browser did.

        Return whether it is the attempt's first.

        Amazon binds a code to no state and knows no PKCE, so without this whoever saw a code that waits could
        exchange it for an attempt of their own (RFC 9700 section 4.5, authorization code injection), and who
        made the link could bring it again and answer for the person. `browser`: what it alone holds. Raise
        CodeRefused where another attempt or browser has the code, or this attempt MOST_CODES others.
        """
        of_this = select(func.count()).where(authorization_codes.c.attempt_id == attempt_id)
        try:
            with self._database.writing() as connection:
                _take_code(connection, attempt_id, code, browser)
                codes = connection.execute(of_this).scalar_one()
                if codes > MOST_CODES:
                    raise CodeRefused("too_many_codes")
        except IntegrityError:
            if not self._is_held_by(attempt_id, code, browser):
                raise CodeRefused("code_taken") from None
            return False
        return bool(codes == 1)

    def _is_held_by(self, attempt_id: str, code: Secret, browser: Secret) -> bool:
        query = select(authorization_codes.c.attempt_id).where(
            authorization_codes.c.code_sha256 == _digest(code.reveal()),
            authorization_codes.c.browser_sha256 == _digest(browser.reveal()),
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar() == attempt_id

    def consume(
        self, state: str, flow: Flow, code: Secret | None = None, *, consumer: str | None = None
    ) -> Attempt | None:
        """Use up a state and return its attempt, now `exchanging`: written down before the code is sent.

        Return None for a state that is unknown, of the other flow, used or expired. `code`: what came with
        the state, unless `hold_code` wrote it down before. Raise CodeRefused, and leave the state as it was,
        where it did, or where the code came with another attempt's state.

        `consumer`: random, the same for each repeat of one call. A database that goes away may have taken
        what it could not answer any more: so whoever used up the state may do it again.
        """
        now = int(self._clock.now())
        statement = (
            update(attempts)
            .where(
                attempts.c.state_sha256 == _digest(state),
                attempts.c.flow == flow,
                attempts.c.phase == "pending",
                attempts.c.expires_at > now,
            )
            .values(phase="exchanging", consumed_at=now, consumer=consumer)
            .returning(attempts.c.id)
        )
        of_mine = _query().where(attempts.c.state_sha256 == _digest(state), attempts.c.consumer == consumer)
        try:
            with self._database.writing() as connection:
                attempt_id = connection.execute(statement).scalar()
                if attempt_id is None:
                    row = None if consumer is None else connection.execute(of_mine).first()
                    return None if row is None else _attempt(row)
                if code is not None:
                    _take_code(connection, attempt_id, code)
                return _attempt(connection.execute(_query().where(attempts.c.id == attempt_id)).one())
        except IntegrityError:
            raise CodeRefused("code_taken") from None

    def find_by_state(self, state: str) -> Attempt | None:
        """Return the attempt that a state belongs to, whatever became of it."""
        return self._one(_query().where(attempts.c.state_sha256 == _digest(state)))

    def get(self, attempt_id: str, user_id: int | None = None) -> Attempt | None:
        """Return an attempt; with `user_id` only if it is that user's."""
        query = _query().where(attempts.c.id == attempt_id)
        if user_id is not None:
            query = query.where(attempts.c.user_id == user_id)
        return self._one(query)

    def names(self, user_id: int, attempt_ids: Collection[str]) -> dict[str, str]:
        """Return the names by which the user began these attempts, by id; without those of anybody else."""
        query = select(attempts.c.id, attempts.c.name).where(
            attempts.c.user_id == user_id, attempts.c.id.in_(attempt_ids)
        )
        with self._database.reading() as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def finish(
        self,
        attempt_id: str,
        phase: Literal["denied", "failed"],
        reason: str,
        detail: str | None = None,
        *,
        got_seller_id: str | None = None,
    ) -> bool:
        """End an attempt that did not lead to an authorization; False if it had ended before.

        `got_seller_id`: who came back in place of the expected seller.
        """
        ended = (
            update(attempts)
            .where(attempts.c.id == attempt_id, attempts.c.phase.in_(("pending", "exchanging")))
            .values(
                phase=phase,
                reason=reason,
                detail=detail,
                got_seller_id=got_seller_id,
                ended_at=int(self._clock.now()),
            )
        )
        with self._database.writing() as connection:
            if connection.execute(ended).rowcount != 1:
                return False
            self._record_end(connection, attempt_id, phase, reason)
            return True

    def record_profile_sync(self, attempt_id: str, value: str) -> bool:
        """Record how the sync of the profiles went: `ok` or `profile_sync_failed`."""
        return self._change(attempt_id, profile_sync=value)

    def record_verification(self, attempt_id: str, value: str) -> bool:
        """Record whether the store could be called after its authorization."""
        return self._change(attempt_id, verification=value)

    def settle_interrupted(self, older_than: int = 0) -> int:
        """Fail the code exchanges that a stopped gateway left behind, and return how many there were.

        A code is never sent twice, so they cannot be resumed. `older_than` seconds spares those that another
        replica may still be at.
        """
        now = int(self._clock.now())
        settled = (
            update(attempts)
            .where(attempts.c.phase == "exchanging", attempts.c.consumed_at <= now - older_than)
            .values(phase="failed", reason=INTERRUPTED, ended_at=now)
            .returning(attempts.c.id)
        )
        with self._database.writing() as connection:
            ids = connection.execute(settled).scalars().all()
            ended = [self._record_end(connection, attempt_id, "failed", INTERRUPTED) for attempt_id in ids]
        for attempt in ended:
            counters.authorization_ended(attempt.flow, "failed", INTERRUPTED)
        return len(ended)

    def settle_expired(self) -> int:
        """End the attempts whose links ended before anybody came back, and return how many there were.

        Amazon tells nobody of a consent that was given up on its page, so this is where it is noticed: once,
        whichever replica asks. A bounded number at a time.
        """
        now = int(self._clock.now())
        open_still = and_(attempts.c.phase == "pending", attempts.c.expires_at <= now)
        some = select(attempts.c.id).where(open_still).limit(MOST_FORGOTTEN)
        with self._database.reading() as connection:
            ids = connection.execute(some).scalars().all()
        if not ids:
            return 0
        settled = (
            update(attempts)
            .where(attempts.c.id.in_(ids), open_still)
            .values(phase=EXPIRED, reason=EXPIRED, ended_at=now)
            .returning(attempts.c.id)
        )
        with self._database.writing() as connection:
            ids = connection.execute(settled).scalars().all()
            ended = [self._record_end(connection, attempt_id, EXPIRED, EXPIRED) for attempt_id in ids]
        for attempt in ended:
            counters.authorization_ended(attempt.flow, EXPIRED, EXPIRED)
        return len(ended)

    def forget_old(self) -> int:
        """Delete attempts whose links ended long ago, and return how many; a bounded number at a time.

        With them go the digests of their codes. What they led to stays, and what the audit says of them.
        """
        ended = (
            select(attempts.c.id)
            .where(attempts.c.expires_at < int(self._clock.now()) - KEPT_SECONDS)
            .order_by(attempts.c.expires_at)
            .limit(MOST_FORGOTTEN)
        )
        with self._database.changing() as connection:
            return connection.execute(delete(attempts).where(attempts.c.id.in_(ended))).rowcount

    def _record_end(self, connection: Connection, attempt_id: str, event: Event, reason: str) -> Attempt:
        attempt = _attempt(connection.execute(_query().where(attempts.c.id == attempt_id)).one())
        self._audit.record(
            connection, "authorization", who=attempt.user_name, subject=attempt.name, outcome=reason
        )
        self._outbox.add(connection, event, attempt=attempt, reason=reason)
        return attempt

    def _one(self, query: Select[Any]) -> Attempt | None:
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _attempt(row)

    def _change(self, attempt_id: str, **values: Any) -> bool:
        with self._database.writing() as connection:
            changed = connection.execute(update(attempts).where(attempts.c.id == attempt_id).values(**values))
            return changed.rowcount == 1


def _query() -> Select[Any]:
    return select(*_COLUMNS, users.c.name.label("user_name")).join(users, users.c.id == attempts.c.user_id)


def _attempt(row: Row[Any]) -> Attempt:
    values = dict(row._mapping)
    values["requested_scopes"] = tuple(json.loads(values["requested_scopes"]))
    return Attempt(**values)


def _new_id() -> str:
    """22 url-safe characters out of 128 random bits; the first is no `-`, which a script takes for a flag."""
    while (new := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return new


def _take_code(connection: Connection, attempt_id: str, code: Secret, browser: Secret | None = None) -> None:
    """Write down whose code it is. Raise IntegrityError where it is somebody's."""
    row = {
        "code_sha256": _digest(code.reveal()),
        "attempt_id": attempt_id,
        "browser_sha256": _digest(browser.reveal()) if browser else None,
    }
    connection.execute(insert(authorization_codes).values(row))


def _digest(given: str) -> str:
    return hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
