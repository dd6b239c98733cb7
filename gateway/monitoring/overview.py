"""How the whole gateway stands, as operators see it: read from the database, and kept for some seconds.

It counts whole tables, so neither a scraper nor anybody else can make it do so more often.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.monitoring.warnings import ENDING_SECONDS, secret_ages, secret_warnings
from gateway.settings.settings import Settings
from gateway.util.clock import Clock
from gateway.util.clock_check import ClockCheck
from gateway.vault.errors import VaultError
from gateway.vault.keys.sealing import MANY_SEALS
from gateway.vault.maintenance.backup import newest_backup_at
from gateway.vault.refresh_queue import MARGIN
from gateway.vault.vault import Vault

KEPT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class State:
    """What was read. Ages and lags are seconds, `secret_ages` days; `applications`: why one is suspended.

    `cannot_write`: why the database takes no writes, as this process knows. `backup_age`: None where the
    gateway makes no backups by itself, or none is there. `clock_offsets`: seconds by which this machine's
    clock is ahead of others, `clocks_off` those that are too many. `replica_lag`: None without a
    replica.
    """

    grants: dict[tuple[str, str], int]
    oldest_token_age: int
    refresher_lag: int
    ending: int
    notices_waiting: int
    applications: dict[str, str | None]
    secret_ages: dict[str, int]
    secret_warnings: list[dict[str, Any]]
    failing_jobs: list[str]
    seals: int
    cannot_write: str | None = None
    backup_age: int | None = None
    clock_offsets: dict[str, int] = field(default_factory=dict)
    clocks_off: dict[str, int] = field(default_factory=dict)
    replica_lag: float | None = None

    def attention(self) -> dict[str, Any]:
        """Return what somebody should look after, by the contract's names; empty where all is well."""
        needed = sum(count for (_, status), count in self.grants.items() if status == "needs_reauthorization")
        suspended = {flow: reason for flow, reason in self.applications.items() if reason is not None}
        found = {
            "needsReauthorization": needed,
            "authorizationsEnding": self.ending,
            "suspendedApps": suspended,
            "clientSecrets": self.secret_warnings,
            "noticesWaiting": self.notices_waiting,
            "failingJobs": self.failing_jobs,
            "cannotWrite": self.cannot_write,
            "clockOff": self.clocks_off,
            "masterKeySeals": self.seals if self.seals >= MANY_SEALS else 0,
        }
        return {name: value for name, value in found.items() if value}


class Overview:
    """Reads the state, at most once in so many seconds."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        clock: Clock,
        clocks: ClockCheck,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clocks = clocks
        self._vault = vault
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._state: State | None = None
        self._failing_jobs: Callable[[], list[str]] = list

    def watch(self, failing_jobs: Callable[[], list[str]]) -> None:
        """Take what tells which of this process's jobs keep failing, by their names."""
        self._failing_jobs = failing_jobs

    def state(self) -> State | None:
        """Return the state; None where the database does not answer. It waits for the database."""
        with self._lock:
            now = self._monotonic()
            if self._read_at is None or now - self._read_at >= KEPT_SECONDS:
                self._state = self._read()
                # A database that does not answer is asked again at once.
                self._read_at = now if self._state is not None else None
            if self._state is None:
                return None
            replica = self._vault.database.replica
            return replace(
                self._state,
                cannot_write=self._vault.database.writes.refused,
                clock_offsets=dict(self._clocks.offsets),
                clocks_off=self._clocks.far_off,
                replica_lag=None if replica is None else replica.lag,
            )

    def _read(self) -> State | None:
        now = self._clock.now()
        spapi, ads = self._settings.spapi, self._settings.ads
        applications = {
            **({"spapi": spapi.client_id} if spapi else {}),
            **({"ads": ads.client_id} if ads else {}),
        }
        try:
            census = self._vault.refresh_queue.census(
                margin=MARGIN, unused=self._settings.refresh_unused, horizon=ENDING_SECONDS
            )
            waiting = self._vault.outbox.waiting()
            seals = self._vault.keys.seals()
            clients = list(applications.values())
            refused = self._vault.refused_calls.reasons(clients)
            suspended = refused | self._vault.applications.suspensions(clients)
        except VaultError:
            return None
        return State(
            grants=census.statuses,
            oldest_token_age=_age(census.oldest_refreshed_at, now),
            refresher_lag=_age(census.most_overdue, now) if self._settings.refresh_rate else 0,
            ending=census.ending,
            notices_waiting=waiting,
            applications={flow: suspended.get(client) for flow, client in applications.items()},
            secret_ages=secret_ages(self._settings, now),
            secret_warnings=secret_warnings(self._settings, now),
            failing_jobs=self._failing_jobs(),
            seals=seals,
            backup_age=self._backup_age(now),
        )

    def _backup_age(self, now: float) -> int | None:
        schedule = self._settings.backups
        newest = None if schedule is None else newest_backup_at(schedule.folder, now)
        return None if newest is None else _age(int(newest), now)


def _age(since: int | None, now: float) -> int:
    return 0 if since is None else max(0, int(now) - since)
