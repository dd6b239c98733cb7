"""When a key or a grant was last used, collected in memory and written in batches.

A write for every read would cost more than the read itself; a crash loses the last few seconds of it.
"""

import logging
import threading
from collections.abc import Mapping

from sqlalchemy import Connection, Table, bindparam, or_, update

from gateway.util import events
from gateway.util.clock import Clock
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import api_keys, grants
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)


class Usage:
    """The last uses that are not written yet. They may come from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys: dict[str, int] = {}
        self._grants: dict[int, int] = {}
        self._flushing = threading.Lock()

    def record_use(self, key_id: str, grant_id: int | None = None) -> None:
        """Record that a key, and a grant through it, is used now."""
        now = int(self._clock.now())
        self._keys[key_id] = now
        if grant_id is not None:
            self._grants[grant_id] = now

    def flush(self) -> None:
        """Write what was collected. What cannot be written is kept for the next time. Raise VaultError.

        Who comes while another thread flushes waits for it: what was collected before is written on return.
        """
        with self._flushing:
            keys, self._keys = self._keys, {}
            used, self._grants = self._grants, {}
            if not keys and not used:
                return
            try:
                with self._database.writing() as connection:
                    _write(connection, api_keys, keys)
                    _write(connection, grants, used)
            except Exception:
                # What was used again meanwhile keeps its later time.
                for key_id, at in keys.items():
                    self._keys.setdefault(key_id, at)
                for grant_id, at in used.items():
                    self._grants.setdefault(grant_id, at)
                raise

    def close(self) -> None:
        """Write what is left."""
        try:
            self.flush()
        except VaultError as error:
            events.warning(log, "last_use_not_written", error=error.message)
        except Exception as error:  # its text may hold what nobody is to read
            events.warning(log, "last_use_not_written", type=type(error).__name__)


def _write(connection: Connection, table: Table, uses: Mapping[str, int] | Mapping[int, int]) -> None:
    """Set the time of the last use of these rows, where it is later than the one that is there."""
    if not uses:
        return
    # Sorted, so that two replicas take the rows' locks in the same order.
    rows = [{"row": row, "used": at} for row, at in sorted(uses.items())]
    connection.execute(
        update(table)
        .where(
            table.c.id == bindparam("row"),
            or_(table.c.last_used_at.is_(None), table.c.last_used_at < bindparam("used")),
        )
        .values(last_used_at=bindparam("used")),
        rows,
    )
