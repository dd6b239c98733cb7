"""When a key or a grant was last used, noted in memory and written in batches.

A write for every read would cost more than the read itself; a crash loses the last few seconds of notes.
"""

import contextlib
import logging
import threading

from sqlalchemy import bindparam, or_, update

from gateway.util.clock import Clock
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import api_keys, grants
from gateway.vault.errors import VaultError

FLUSH_SECONDS = 5.0

log = logging.getLogger(__name__)


class Usage:
    """Collects notes from any thread; a background thread writes them every few seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys: dict[str, int] = {}
        self._grants: dict[int, int] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
        self._thread.start()

    def note(self, key_id: str, grant_id: int | None = None) -> None:
        """Note that a key, and a grant through it, is used now."""
        now = int(self._clock.now())
        self._keys[key_id] = now
        if grant_id is not None:
            self._grants[grant_id] = now

    def flush(self) -> None:
        """Write what has been noted. Notes made meanwhile belong to the next batch."""
        keys, self._keys = self._keys, {}
        used, self._grants = self._grants, {}
        if not keys and not used:
            return
        with self._database.writing() as connection:
            for table, notes in ((api_keys, keys), (grants, used)):
                if notes:
                    # Sorted, so that two replicas take the rows' locks in the same order.
                    rows = [{"row": row, "used": at} for row, at in sorted(notes.items())]
                    connection.execute(
                        update(table)
                        .where(
                            table.c.id == bindparam("row"),
                            or_(table.c.last_used_at.is_(None), table.c.last_used_at < bindparam("used")),
                        )
                        .values(last_used_at=bindparam("used")),
                        rows,
                    )

    def close(self) -> None:
        """Stop the thread and write what is left."""
        self._stopped.set()
        self._thread.join()
        with contextlib.suppress(VaultError):
            self.flush()

    def _run(self) -> None:
        while not self._stopped.wait(FLUSH_SECONDS):
            try:
                self.flush()
            except VaultError as error:
                log.warning("last_use_not_written error=%r", error.message)
