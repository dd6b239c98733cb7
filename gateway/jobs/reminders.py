"""Reminds of what is going to stop working: an ending once in log and outbox, a client secret once a day."""

import logging

from gateway.monitoring.warnings import ENDING_SECONDS, SECRET_DAYS, secret_warnings
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.clock import Clock, rfc3339
from gateway.util.threads import Threads
from gateway.vault.keys.sealing import MANY_SEALS, MOST_SEALS
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

DAY = 86_400


class Reminder:
    """The work of its rounds."""

    def __init__(self, settings: Settings, vault: Vault, clock: Clock, threads: Threads) -> None:
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._threads = threads
        self._logged: set[tuple[str, int]] = set()

    async def round(self) -> None:
        """Look at everything. Raise VaultError."""
        for warning in secret_warnings(self._settings, self._clock.now()):
            key = (warning["application"], warning["ageDays"])
            if key not in self._logged:
                self._logged.add(key)
                events.warning(
                    log,
                    "client_secret_ends",
                    application=warning["application"],
                    ageDays=warning["ageDays"],
                    endsAfterDays=SECRET_DAYS,
                )
        while ending := await self._threads.writes(
            self._vault.refresh_queue.notify_of_ending, ENDING_SECONDS
        ):
            for grant in ending:
                assert grant.authorization_expires_at is not None, "it was chosen by it"
                events.warning(
                    log,
                    "authorization_ends",
                    grant=grant.id,
                    application=grant.flow,
                    endsAt=rfc3339(grant.authorization_expires_at),
                )
        await self._threads.writes(self._vault.outbox.forget_old)
        await self._remind_of_master_key()

    async def _remind_of_master_key(self) -> None:
        """Log once a day that the master key has sealed so much that a new one is advised."""
        seals = await self._threads.vault(self._vault.keys.seals)
        today = ("master_key", int(self._clock.now() // DAY))
        if seals >= MANY_SEALS and today not in self._logged:
            self._logged.add(today)
            events.warning(log, "master_key_worn", seals=seals, most=MOST_SEALS)
