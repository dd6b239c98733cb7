"""What the owner's webhook is to be notified of: a row for each change, written in its transaction.

So no notice is sent of what did not happen, and nothing that happened is forgotten. Whichever replica
claims a row sends it; what a killed one had claimed becomes free again.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from gateway.model import Attempt, Grant
from gateway.util.clock import Clock, rfc3339
from gateway.vault.database.changes import note_change
from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import is_over
from gateway.vault.database.tables import outbox, users

Event = Literal[
    "authorized",
    "reauthorized",
    "denied",
    "failed",
    "expired",
    "removed",
    "needs_reauthorization",
    "recovered",
    "authorization_ends",
    "suspended_app",
    "app_recovered",
]

KEPT_SECONDS = 30 * 86_400
# Between two tries of a notice, in seconds.
LONGEST_PAUSE = 6 * 3600
# For which a replica has a notice to itself, in milliseconds.
LONGEST_CLAIM = 600_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be sent. `body` is its JSON document, `tries` how often it was sent in vain."""

    id: str
    event: str
    body: str
    tries: int


class Outbox:
    """The notices of one vault. With `open` false, where no webhook is set, none are written down."""

    def __init__(self, database: Database, clock: Clock, *, open: bool) -> None:
        self._database = database
        self._clock = clock
        self._open = open

    def open(self, is_open: bool) -> None:
        """Write notices down from now on, or none."""
        self._open = is_open

    def add(
        self,
        connection: Connection,
        event: Event,
        *,
        grant: Grant | None = None,
        attempt: Attempt | None = None,
        **facts: Any,
    ) -> None:
        """Write down what happened, in the transaction of `connection`. `facts` become fields of the body.

        `grant`: the store or ads account that it is about; `attempt`: the authorization that brought it.
        """
        if grant is not None:
            note_change(connection, grant.user_id)
        if not self._open:
            return
        now = int(self._clock.now())
        notice_id = secrets.token_hex(12)
        # `type` and `timestamp` are what Standard Webhooks calls them (standardwebhooks.com: payload).
        body: dict[str, Any] = {"id": notice_id, "event": event, "at": rfc3339(now)}
        body |= {"type": event, "timestamp": body["at"]}
        about = grant or attempt
        if about is not None:
            user = connection.execute(select(users.c.name).where(users.c.id == about.user_id)).scalar()
            body |= {"user": user, **_named(about), **_customer(grant, attempt)}
        body |= facts
        connection.execute(
            insert(outbox).values(
                id=notice_id,
                at=now,
                event=event,
                body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
                next_try_at=now,
            )
        )

    def claim(self, most: int, milliseconds: int) -> list[Notice]:
        """Take notices that are due, oldest first, for so long; no other replica gets them meanwhile.

        Due is what was never tried, or failed and has had its pause. `milliseconds`: LONGEST_CLAIM at most.
        """
        now = int(self._clock.now())
        due = (
            select(outbox.c.id)
            .where(
                outbox.c.ended_at.is_(None),
                or_(outbox.c.tries == 0, is_over(outbox.c.next_try_at, LONGEST_PAUSE, now)),
                is_over(outbox.c.claimed_ms, LONGEST_CLAIM),
            )
            .order_by(outbox.c.at, outbox.c.id)
            .limit(most)
        )
        with self._database.reading() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        mine = due.with_for_update(skip_locked=True).cte("due")
        claimed = (
            update(outbox)
            .where(outbox.c.id.in_(select(mine.c.id)))
            .values(claimed_ms=DatabaseMilliseconds() + milliseconds)
            .returning(outbox.c.at, outbox.c.id, outbox.c.event, outbox.c.body, outbox.c.tries)
        )
        with self._database.writing() as connection:
            rows = sorted(tuple(row) for row in connection.execute(claimed))
        return [Notice(*row[1:]) for row in rows]

    def delivered(self, notice: Notice) -> None:
        """Record that a notice has arrived."""
        self._change(notice, ended_at=int(self._clock.now()), delivered=True, tries=notice.tries + 1)

    def again(self, notice: Notice, seconds: float) -> None:
        """Record that a notice could not be delivered, and is to be sent again after so many seconds."""
        next_try = int(self._clock.now() + seconds)
        self._change(notice, next_try_at=next_try, claimed_ms=None, tries=notice.tries + 1)

    def given_up(self, notice: Notice) -> None:
        """Record that a notice is not sent any more."""
        self._change(notice, ended_at=int(self._clock.now()), delivered=False, tries=notice.tries + 1)

    def waiting(self) -> int:
        """Return how many notices have yet to be delivered."""
        query = select(func.count()).select_from(outbox).where(outbox.c.ended_at.is_(None))
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()

    def forget_old(self) -> int:
        """Remove notices that ended a month ago, and return how many there were."""
        old = outbox.c.ended_at <= int(self._clock.now()) - KEPT_SECONDS
        with self._database.writing() as connection:
            return connection.execute(delete(outbox).where(old)).rowcount

    def _change(self, notice: Notice, **values: Any) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(outbox).where(outbox.c.id == notice.id, outbox.c.ended_at.is_(None)).values(**values)
            )


def _named(about: Grant | Attempt) -> dict[str, Any]:
    """Return how a notice names a store or an ads account: by the contract's names.

    Of an attempt that led to none, by what it was begun for.
    """
    named: dict[str, Any] = {"region": about.region}
    if isinstance(about, Grant):
        named |= {"sellerId": about.seller_id, "authRecordId": about.id}
    else:
        named |= {"sellerId": about.expected_seller_id, "authRecordId": about.expected_record_id}
    if about.flow == "spapi":
        one, named["sellerName"] = "store", about.name
    else:
        one, named["accountName"] = "account", about.name
    return {one: {name: value for name, value in named.items() if value is not None}}


def _customer(grant: Grant | None, attempt: Attempt | None) -> dict[str, Any]:
    """Return what tells a web application which of its customers it was, as far as that is known."""
    external_id, return_url = (attempt.external_id, attempt.return_url) if attempt else (None, None)
    told = {
        "authorizationId": attempt.id if attempt else None,
        "externalId": external_id or (grant.external_id if grant else None),
        "returnUrl": return_url or (grant.return_url if grant else None),
    }
    return {name: value for name, value in told.items() if value is not None}
