"""Makes a backup whenever the newest one in the folder is old enough, whoever made that."""

import logging

from filelock import FileLock, Timeout

from gateway.settings.backups import BackupSchedule
from gateway.util import events
from gateway.util.clock import Clock
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.maintenance.backup import back_up_into, newest_backup_at
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)


class BackupMaker:
    """The work of its rounds."""

    def __init__(self, schedule: BackupSchedule, vault: Vault, clock: Clock, threads: Threads) -> None:
        self._schedule = schedule
        self._vault = vault
        self._clock = clock
        self._threads = threads

    async def round(self) -> None:
        """Make a backup where one is due. Raise VaultError."""
        await self._threads.writes(self._make)

    def _make(self) -> None:
        if not self._is_due():
            return
        path = self._vault.database.path
        assert path is not None, "the settings refuse it for a PostgreSQL"
        # One of the workers makes it; a backup that a person makes meanwhile does no harm.
        lock = FileLock(path.with_name("backup.lock"), mode=0o600, timeout=0)
        try:
            with lock:
                if self._is_due():
                    made = back_up_into(self._vault, self._schedule.folder, self._schedule.keep, self._clock)
                    events.info(
                        log, "backup_made", file=str(made.path), bytes=made.size, removed=len(made.removed)
                    )
        except Timeout:
            return
        except OSError as error:
            raise VaultError(
                f"{lock.lock_file} cannot be locked ({error.strerror})",
                "Give the gateway's user write permission on the data folder.",
            ) from None

    def _is_due(self) -> bool:
        now = self._clock.now()
        newest = newest_backup_at(self._schedule.folder, now)
        return newest is None or now - newest >= self._schedule.interval
