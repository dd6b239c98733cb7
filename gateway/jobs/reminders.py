"""What is going to stop working: authorizations that end, and client secrets that grow old.

Amazon ends an authorization after a year and a client secret after 180 days (references/amazon.md).
"""

import logging
from datetime import UTC, date, datetime
from typing import Any

from gateway.model import Flow, Grant
from gateway.settings.settings import Settings
from gateway.util.clock import Clock, rfc3339
from gateway.util.threads import Threads
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

DAY = 86_400
ENDING_SECONDS = 30 * DAY
SECRET_DAYS = 180
WARN_DAYS = 150


def is_ending(grant: Grant, now: float) -> bool:
    """Tell whether an authorization ends within 30 days."""
    ends_at = grant.authorization_expires_at
    return ends_at is not None and ends_at <= now + ENDING_SECONDS


def grant_warnings(grant: Grant, now: float) -> dict[str, Any]:
    """Return what a listed store or account carries where it has to be warned of: `warnings`."""
    if grant.authorization_expires_at is None or not is_ending(grant, now):
        return {}
    return {
        "warnings": [{"warning": "authorization_ends", "endsAt": rfc3339(grant.authorization_expires_at)}]
    }


def secret_ages(settings: Settings, now: float) -> dict[str, int]:
    """Return the age in days of each client secret whose date was told, by flow."""
    today = datetime.fromtimestamp(now, UTC).date()
    since: dict[str, date | None] = {
        "spapi": settings.spapi.secret_since if settings.spapi else None,
        "ads": settings.ads.secret_since if settings.ads else None,
    }
    return {flow: (today - day).days for flow, day in since.items() if day is not None}


def secret_warnings(settings: Settings, now: float) -> list[dict[str, Any]]:
    """Return which client secrets have to be renewed soon, or are over."""
    return [
        {"warning": "client_secret_ends", "application": flow, "ageDays": days, "endsAfterDays": SECRET_DAYS}
        for flow, days in secret_ages(settings, now).items()
        if days >= WARN_DAYS
    ]


def application_warnings(settings: Settings, flow: Flow, now: float) -> dict[str, Any]:
    """Return what a list of this flow carries beside its entries: `warnings`, where there are any."""
    found = [warning for warning in secret_warnings(settings, now) if warning["application"] == flow]
    return {"warnings": found} if found else {}


class Reminder:
    """Tells each of these once: an ending in log and outbox, a client secret in the log once a day."""

    def __init__(self, settings: Settings, vault: Vault, clock: Clock, threads: Threads) -> None:
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._threads = threads
        self._told: set[tuple[str, int]] = set()

    async def round(self) -> None:
        """Look at everything. Raises VaultError."""
        for warning in secret_warnings(self._settings, self._clock.now()):
            key = (warning["application"], warning["ageDays"])
            if key not in self._told:
                self._told.add(key)
                log.warning(
                    "client_secret_ends application=%s age_days=%d ends_after_days=%d", *key, SECRET_DAYS
                )
        while ending := await self._threads.vault(self._vault.refresh_queue.notify_of_ending, ENDING_SECONDS):
            for grant in ending:
                assert grant.authorization_expires_at is not None, "it was chosen by it"
                log.warning(
                    "authorization_ends grant=%d flow=%s at=%s",
                    grant.id,
                    grant.flow,
                    rfc3339(grant.authorization_expires_at),
                )
        await self._threads.vault(self._vault.outbox.forget_old)
