"""Grants that Amazon says belong to another client, and when that is the application's fault, not theirs."""

from typing import Literal

from sqlalchemy import and_, func, select, update

from gateway.util.clock import Clock
from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import grants
from gateway.vault.grant_rows import GRANT_COLUMNS, grant_from
from gateway.vault.outbox import Outbox

# So many grants that had worked, all refused as another client's within so many seconds, speak of the app.
FOREIGN_GRANTS = 2
FOREIGN_WINDOW = 24 * 3600

Verdict = Literal["one", "all", "stale"]


class ForeignGrants:
    """Decides whether one grant is marked or its application is at fault."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, outbox: Outbox) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._outbox = outbox

    def judge(self, grant_id: int, seen_version: int, reason: str) -> Verdict:
        """Record that Amazon says a grant belongs to another client; `stale` if its tokens changed since.

        `one`: that grant is marked. `all`: grants that had been refreshed before get the same answer and none
        of their application was refreshed since, so it is the application, and no mark is left.
        """
        now = int(self._clock.now())
        status = select(grants.c.status).where(grants.c.id == grant_id).with_for_update()
        with self._database.writing() as connection:
            known = connection.execute(status).scalar() == "needs_reauthorization"
            marked = (
                update(grants)
                .where(grants.c.id == grant_id, grants.c.token_version == seen_version)
                .values(status="needs_reauthorization", status_reason=reason, status_at=now)
                .returning(*GRANT_COLUMNS)
            )
            row = connection.execute(marked).first()
            if row is None:
                return "stale"
            grant = grant_from(row)
            same_app = and_(grants.c.flow == grant.flow, grants.c.app_id == grant.app_id)
            had_worked = and_(
                same_app,
                grants.c.token_version > 0,
                grants.c.status_reason == reason,
                grants.c.status_at > now - FOREIGN_WINDOW,
            )
            count, first = connection.execute(
                select(func.count(), func.min(grants.c.status_at)).where(had_worked)
            ).one()
            if count >= FOREIGN_GRANTS:
                working = select(grants.c.id).where(
                    same_app, grants.c.token_version > 0, grants.c.refreshed_at > first
                )
                if connection.execute(working.limit(1)).first() is None:
                    unmarked = {"status": "authorized", "status_reason": None, "status_at": now}
                    again = update(grants).where(had_worked).values(**unmarked).returning(*GRANT_COLUMNS)
                    for each in map(grant_from, connection.execute(again).all()):
                        if known or each.id != grant_id:  # of the others a notice was sent
                            self._outbox.add(connection, "recovered", grant=each)
                    self._audit.record(connection, "app_at_fault", outcome=reason)
                    return "all"
            self._audit.record(connection, "needs_reauthorization", grant=grant, outcome=reason)
            self._outbox.add(connection, "needs_reauthorization", grant=grant, reason=reason)
            return "one"
