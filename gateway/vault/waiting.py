"""Opening the vault of a PostgreSQL that may be late: it starts beside the gateway, or is being moved.

What does not pass by itself, such as a wrong password, is never waited for.
"""

import logging
import time
from collections.abc import Callable

from sqlalchemy import make_url

from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.waiting_time import WaitingTime
from gateway.vault.errors import Unreachable
from gateway.vault.vault import Vault, open_vault

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


def open_when_it_answers(
    settings: Settings,
    clock: Clock,
    *,
    pause: Callable[[float], object] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Vault:
    """Open the vault as `open_vault` does, and wait `settings.database_wait` seconds for its PostgreSQL.

    Raise VaultError; of a PostgreSQL that did not answer, with where it was looked for and how long.
    """
    waiting = WaitingTime(monotonic)
    while True:
        try:
            vault = open_vault(settings, clock)
        except Unreachable as error:
            if settings.database_url is None or not settings.database_wait or not error.retryable:
                raise
            place = place_of(settings.database_url)
            if waiting.seconds >= settings.database_wait:
                raise Unreachable(
                    f"{error.message}; it was waited for at {place} for {settings.database_wait} seconds "
                    "(GATEWAY_DATABASE_WAIT_SECONDS)",
                    error.hint,
                    retryable=True,
                ) from None
            if waiting.is_to_be_said():
                events.warning(
                    log,
                    "database_awaited",
                    host=place,
                    error=error.message,
                    seconds=waiting.seconds,
                    most=settings.database_wait,
                )
            pause(PAUSE_SECONDS)
        else:
            if waiting.was_said:
                events.info(log, "database_answers", seconds=waiting.seconds)
            return vault


def place_of(url: Secret) -> str:
    """Return the host and port of a PostgreSQL's address, or the folder of its socket: no user, no password.

    The address was opened before, so no part of it holds what belongs to another one (`check_address`).
    """
    address = make_url(url.reveal())
    host = address.host or address.query.get("host") or "localhost"
    port = address.port or address.query.get("port") or 5432
    hosts = host if isinstance(host, str) else ",".join(host)
    return hosts if hosts.startswith("/") else f"{hosts}:{port}"
