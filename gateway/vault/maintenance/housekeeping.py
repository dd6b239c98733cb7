"""What an open vault does by itself, in a thread: write the audit, watch the master key, empty the log."""

import logging
import threading

from gateway.vault.audit import Audit
from gateway.vault.database.engine import Database
from gateway.vault.errors import VaultError
from gateway.vault.keys.held_keys import Keys

ROUND_SECONDS = 1.0
LOG_ROUNDS = 60

log = logging.getLogger(__name__)


class Housekeeping:
    """Goes its round every second until it is closed."""

    def __init__(self, audit: Audit, keys: Keys, database: Database) -> None:
        self._audit = audit
        self._keys = keys
        self._database = database
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the rounds."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._stopped.wait(ROUND_SECONDS):
            jobs = [self._audit.flush, self._keys.learn]
            if rounds % LOG_ROUNDS == 0:
                # What a refresh or a removal has replaced would stay readable in the log.
                jobs.append(self._database.truncate_log)
            for job in jobs:
                try:
                    job()
                except VaultError as error:
                    log.warning("housekeeping_failed job=%s error=%r", job.__name__, error.message)
            rounds += 1
