"""Who did what to which store, and how it ended: rows that are only ever added, and never hold a token.

Changes are written in the transaction that makes them. Calls are only collected in memory, and written in
batches: a write for every read would cost more than the read itself; a crash loses the last second of them.
"""

import logging
import threading
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from gateway.model import AuditEntry, Caller, Grant
from gateway.util import events
from gateway.util.clock import Clock
from gateway.vault.database.changes import note_change
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import api_keys, audit
from gateway.vault.errors import VaultError
from gateway.vault.unknown_keys import UnknownKeys

MOST_RECORDED = 50_000
BATCH = 1000
OK = "ok"
GATEWAY = "(gateway)"
OPERATOR = "(operator)"
UNKNOWN_KEY = "(unknown key)"
ATTEMPT = "authorizationId "  # before the id of an attempt, where it is the subject

log = logging.getLogger(__name__)

# The columns of an AuditEntry, in its order: the entry's own, and what its key is called.
ENTRIES: Select[Any] = select(
    *(audit.c[name] for name in AuditEntry.__slots__ if name != "key_label"), api_keys.c.label
).outerjoin_from(audit, api_keys, api_keys.c.id == audit.c.key_id)


@dataclass(slots=True)
class AuditContext:
    """Whose doing the current request is, filled in as it is understood.

    `who` stays None for a request that is of no interest; `subject` is the store, account or attempt that it
    names.
    """

    request_id: str | None = None
    who: str | None = None
    key_id: str | None = None
    subject: str | None = None


_context: ContextVar[AuditContext] = ContextVar("audit_context")
_NO_REQUEST = AuditContext()


def follow(context: AuditContext) -> None:
    """Make this the context of whatever the current task does from now on."""
    _context.set(context)


def identified(caller: Caller) -> None:
    """Record that the current request is this caller's."""
    context = _context.get(None)
    if context is not None:
        context.who = caller.user_name
        context.key_id = caller.key_id


def unidentified(source: str) -> None:
    """Record that the current request came with a key that nobody has; `source` is where it came from."""
    context = _context.get(None)
    if context is not None:
        context.who = UNKNOWN_KEY
        context.subject = source


def concerns(subject: str | None) -> None:
    """Record which store, account or attempt the current request names."""
    context = _context.get(None)
    if context is not None:
        context.subject = subject


def subject_of(grant: Grant) -> str:
    """Return how a store or ads account is named in the audit."""
    return f"{grant.seller_id} {grant.region}" if grant.flow == "spapi" else grant.name


class Audit:
    """The audit of one vault. Calls may be recorded from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: deque[dict[str, Any]] = deque()
        self._unknown_keys = UnknownKeys()
        self._lost = 0
        self._flushing = threading.Lock()

    def record_call(self, context: AuditContext, action: str, outcome: str) -> None:
        """Record how a call ended; it is written with the next batch."""
        if context.who is None:
            return
        unknown = context.who is UNKNOWN_KEY
        if unknown and not self._unknown_keys.has_row(context.subject or "", self._clock.now()):
            return
        if len(self._waiting) >= MOST_RECORDED:
            self._lost += 1
            return
        self._collect(context, action, outcome)

    def _collect(self, context: AuditContext, action: str, outcome: str) -> None:
        """Keep an entry for the next batch."""
        self._waiting.append(
            {
                "at": int(self._clock.now()),
                "who": context.who,
                "key_id": context.key_id,
                "action": action,
                "subject": context.subject,
                "outcome": outcome,
                "request_id": context.request_id,
            }
        )

    def record(
        self,
        connection: Connection,
        action: str,
        *,
        who: str | None = None,
        subject: str | None = None,
        grant: Grant | None = None,
        outcome: str = OK,
    ) -> None:
        """Write down a change in the transaction that makes it.

        `who` is given where it is not the caller of the current request; outside of any it is the gateway.
        """
        context = _context.get(_NO_REQUEST)
        if grant is not None:
            note_change(connection, grant.user_id)
        connection.execute(
            insert(audit).values(
                at=int(self._clock.now()),
                who=who or context.who or GATEWAY,
                key_id=context.key_id,
                action=action,
                subject=subject_of(grant) if grant else subject,
                grant_id=grant.id if grant else None,
                outcome=outcome,
                request_id=context.request_id,
            )
        )

    def flush(self) -> None:
        """Write what was collected. What cannot be written is kept for the next time. Raise VaultError.

        Who comes while another thread flushes waits for it: what was collected before is written on return.
        """
        with self._flushing:
            self._collect_lost()
            self._collect_unknown_keys()
            # What comes meanwhile waits: a transaction for every few calls would go on as long as calls come.
            left = len(self._waiting)
            while left:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, left))]
                left -= len(batch)
                try:
                    with self._database.writing() as connection:
                        connection.execute(insert(audit), batch)
                except Exception:
                    self._waiting.extendleft(reversed(batch))
                    raise

    def _collect_lost(self) -> None:
        """Collect how many calls found no place any more since this was last done."""
        lost, self._lost = self._lost, 0
        if not lost:
            return
        events.error(log, "audit_incomplete", calls=lost)
        context = AuditContext(who=GATEWAY, subject=f"{lost} calls were not written down")
        self._collect(context, "audit_incomplete", "vault_unavailable")

    def _collect_unknown_keys(self, *, ending: bool = False) -> None:
        """Collect how many requests with unknown keys had no row of their own, once their hour is over."""
        for subject in self._unknown_keys.taken(self._clock.now(), ending=ending):
            self._collect(AuditContext(who=UNKNOWN_KEY, subject=subject), "refused_keys", "unauthorized")

    def close(self) -> None:
        """Write what is left."""
        self._collect_unknown_keys(ending=True)
        try:
            self.flush()
        except VaultError as error:
            events.error(log, "audit_incomplete", calls=len(self._waiting), error=error.message)
        except Exception as error:  # its text may hold what nobody is to read
            events.error(log, "audit_incomplete", calls=len(self._waiting), type=type(error).__name__)

    def newest(self, limit: int, offset: int = 0) -> tuple[list[AuditEntry], int]:
        """Return entries, the newest first, and how many there are in all."""
        query = ENTRIES.order_by(audit.c.id.desc()).limit(limit).offset(offset)
        with self._database.reading() as connection:
            total = connection.execute(select(func.count()).select_from(audit)).scalar_one()
            return [AuditEntry(*row) for row in connection.execute(query)], total

    def of_user(self, caller: Caller, limit: int) -> list[AuditEntry]:
        """Return the newest entries of one user, the newest first."""
        query = ENTRIES.where(audit.c.who == caller.user_name).order_by(audit.c.id.desc()).limit(limit)

        def read(connection: Connection) -> list[AuditEntry]:
            return [AuditEntry(*row) for row in connection.execute(query)]

        return self._database.read_possibly_stale(read, of_user=caller.user_id)
