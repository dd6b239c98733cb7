"""Settings that are read anew by a running gateway, and the application that is made of them.

A process makes a whole new application, which takes the next request, and ends the old one when it has
answered its last: so nothing in it has to know that a setting can change. What the application stands on
stays: the vault, the listener, the data folder. Settings of those take a restart (`Variable.restart`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.errors import OperatorError
from gateway.monitoring.logs import set_up_logging
from gateway.server.tls import check_certificate
from gateway.settings.changes import changes
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.vault.vault import Vault

App = Callable[..., Any]

log = logging.getLogger(__name__)


def behind_proxies(app: App, settings: Settings) -> App:
    """Return an application that believes the headers of the proxies that the owner named, and no others'."""
    if not settings.trusted_proxies:
        return app
    return ProxyHeadersMiddleware(app, trusted_hosts=list(settings.trusted_proxies))


@dataclass(frozen=True, slots=True)
class Reading:
    """Settings that were read anew and can be used. `names`: the variables that changed."""

    settings: Settings
    names: list[str]


class Reloader:
    """Reads the settings of one process anew, and makes applications of them.

    `read` raises OperatorError where they cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        read: Callable[[], Settings],
        make: Callable[[Settings], App],
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._read = read
        self._make = make

    def make(self, settings: Settings) -> App:
        """Return the application of these settings. It has not begun yet."""
        return behind_proxies(self._make(settings), settings)

    def read_anew(self) -> Reading | None:
        """Return the settings as they are now, or None where they cannot be used, which is logged.

        It reads files and asks the database and the keyring, for as long as those take.
        """
        try:
            found = changes(self._settings, self._read())
            check_certificate(found.settings.listening)
            # What the old application still has to store, it stores before it ends.
            self._vault.key_opens()
        except OperatorError as error:  # VaultError is one
            self.refused(error.message, error.hint)
            return None
        if self._vault.database.writes.refused is not None:
            self.refused(self._vault.database.writes.refused, "Mend the database, then reload again.")
            return None
        if found.waiting:
            events.warning(log, "settings_need_restart", names=",".join(found.waiting))
        return Reading(found.settings, found.taken)

    def taken(self, reading: Reading) -> None:
        """Note that the process goes by these settings from now on."""
        self._settings = reading.settings
        self._vault.outbox.open(reading.settings.webhook is not None)
        set_up_logging(reading.settings.log_format, reading.settings.data_dir)
        events.info(log, "settings_reloaded", names=",".join(reading.names))

    @staticmethod
    def refused(why: str, hint: str) -> None:
        """Log that the process goes on by the settings that it has."""
        events.error(log, "settings_refused", error=why, hint=hint)
