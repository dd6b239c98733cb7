"""The line that says what has started: by it an operator tells which gateway on which database answers."""

import logging
import platform
from dataclasses import dataclass

from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.version import version
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartLine:
    """What is told of a start that the settings do not say: of the vault, before a worker has it alone."""

    database_version: str
    master_key_id: str

    @classmethod
    def of(cls, vault: Vault) -> "StartLine":
        """Return what an open vault says of itself."""
        return cls(vault.database.program, vault.master_key.key.id)

    def write(self, settings: Settings, url: str, workers: int) -> None:
        """Log that the gateway takes requests. `url`: where this process listens."""
        flows = {"spapi": settings.spapi, "ads": settings.ads}
        events.info(
            log,
            "gateway_started",
            version=version(),
            pythonVersion=platform.python_version(),
            database=settings.database_kind,
            databaseVersion=self.database_version,
            masterKeyId=self.master_key_id,
            applications=[flow for flow, application in flows.items() if application is not None],
            publicUrl=settings.public_url,
            url=url,
            workers=workers,
            sandbox=settings.sandbox,
        )
