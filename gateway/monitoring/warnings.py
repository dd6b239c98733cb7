"""What is going to stop working: authorizations that end, and client secrets that grow old.

Amazon ends an authorization after a year and a client secret after 180 days (references/amazon.md).
"""

from datetime import UTC, date, datetime
from typing import Any

from gateway.model import Flow, Grant
from gateway.settings.settings import Settings
from gateway.util.clock import rfc3339

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
