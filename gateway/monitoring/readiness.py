"""Whether the gateway can be worked with, as load balancers ask."""

from dataclasses import dataclass
from typing import Literal

from gateway.settings.settings import Settings
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

Reason = Literal["stopping", "database_unavailable", "cannot_write", "master_key_refused", "no_application"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and whether it can be worked with.

    `read_replica`: whether that is read from; None where there is none. The gateway can do without.
    """

    database: bool
    writable: bool
    master_key: bool
    applications: bool
    read_replica: bool | None = None

    @property
    def reasons(self) -> list[Reason]:
        """Why it cannot, in words for programs; none where it can."""
        said: dict[Reason, bool] = {
            "database_unavailable": self.database,
            # Of a database that does not answer nobody knows that.
            "cannot_write": self.writable or not self.database,
            "master_key_refused": self.master_key,
            "no_application": self.applications,
        }
        return [reason for reason, is_well in said.items() if not is_well]


class Readiness:
    """Looks at the parts that a call needs."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._settings = settings
        self._vault = vault
        # The vault was opened with it.
        self._key_opens = True

    def check(self) -> Checked:
        """Look. It waits for the database.

        While the database does not answer, nothing is known of the key but what was seen last.
        """
        try:
            self._key_opens = self._vault.key_opens()
            answers = True
        except VaultError:
            answers = False
        replica = self._vault.database.replica
        return Checked(
            database=answers,
            writable=answers and self._vault.database.writes.refused is None,
            master_key=self._key_opens,
            applications=bool(self._settings.spapi or self._settings.ads),
            read_replica=None if replica is None else replica.usable,
        )
