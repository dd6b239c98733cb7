"""Opening the vault of a gateway that was set up, for a command beside it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import OperatorError
from gateway.monitoring.logs import set_up_logging
from gateway.server.data_folder import DataFolder
from gateway.settings.loading import load_settings
from gateway.settings.settings import Settings
from gateway.util.clock import SystemClock
from gateway.vault.audit import OPERATOR, AuditContext, follow
from gateway.vault.vault import Vault, open_vault


def remembered_settings(data_dir: Path | None, sandbox: bool) -> Settings:
    """Return the settings on a data folder, of the kind that it was last started as, where it ever was.

    What the command logs from then on has the form that they say. Nothing is made. Raise OperatorError.
    """
    settings = load_settings(os.environ, sandbox=sandbox, data_dir=data_dir)
    set_up_logging(settings.log_format)
    remembered = DataFolder(settings.data_dir).remembered_options() or {}
    if remembered.get("sandbox") and not settings.sandbox:
        return load_settings(os.environ, sandbox=True, data_dir=settings.data_dir)
    return settings


def settings_of(data_dir: Path | None, sandbox: bool) -> Settings:
    """Return the settings of the gateway on a data folder, of the kind that it was last started as.

    Raise OperatorError where none ever was; a PostgreSQL is no folder's own, and is worked on from any.
    """
    settings = remembered_settings(data_dir, sandbox)
    is_new = DataFolder(settings.data_dir).remembered_options() is None
    if is_new and settings.database_url is None:
        kind = " --sandbox" if settings.sandbox else ""
        raise OperatorError(
            f"no gateway was ever started on the data folder {settings.data_dir}",
            f"Start it first (`python3 scripts/local_gateway.py start{kind}`), or name its folder with "
            "GATEWAY_DATA_DIR.",
            "not_set_up",
        )
    DataFolder.prepare(settings.data_dir)
    return settings


@contextmanager
def opened(settings: Settings) -> Iterator[Vault]:
    """Open the vault; what is done with it is the operator's doing.

    A command is no upgrade: tables of an older gateway, which may serve, are left to it.
    """
    follow(AuditContext(who=OPERATOR))
    with open_vault(settings, SystemClock(), migrating=False) as vault:
        yield vault
