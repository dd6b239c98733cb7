"""Moving the vault from the data folder to a PostgreSQL, for a gateway that is stopped."""

import argparse
from contextlib import closing
from typing import Any

from gateway.cli.opening import settings_of
from gateway.errors import OperatorError
from gateway.server.data_folder import DataFolder
from gateway.settings.addresses import postgresql_url
from gateway.settings.values import SettingsError
from gateway.util.secret import Secret
from gateway.vault.database.engine import open_database
from gateway.vault.maintenance.copying import copy_vault
from gateway.vault.vault import DATABASE_FILE


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Copy the vault to the address given, or to GATEWAY_DATABASE_URL; return the document to print.

    The gateway on the folder has to be stopped, and cannot be started meanwhile. Raise OperatorError.
    """
    settings = settings_of(options.data_dir, options.sandbox)
    source = settings.data_dir / DATABASE_FILE
    if not source.is_file():
        raise OperatorError(f"there is no {source}", "Name the folder that holds it.", "not_set_up")
    folder = DataFolder(settings.data_dir)
    folder.lock()
    try:
        target = _target(options.url, settings.database_url)
        with (
            closing(open_database(None, source)) as ours,
            closing(open_database(target, source, patient=True)) as theirs,
        ):
            rows = copy_vault(ours, theirs)
    finally:
        folder.unlock()
    return {"ok": True, "copied": rows, "verified": True}


def _target(url: str | None, from_settings: Secret | None) -> Secret:
    if url is not None:
        try:
            return postgresql_url(url, "the address to copy to", password_allowed=False)
        except SettingsError as error:
            raise OperatorError(error.message, error.hint, "bad_arguments") from None
    if from_settings is None:
        raise OperatorError(
            "there is no address to copy to",
            "Name one, or set GATEWAY_DATABASE_URL.",
            "bad_arguments",
        )
    return from_settings
