"""A copy of the vault for safekeeping."""

import argparse
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.errors import OperatorError
from gateway.settings.backups import KEEP
from gateway.util.clock import SystemClock
from gateway.vault.maintenance.backup import back_up, back_up_into


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Copy the vault into a new file, or into a folder of them; return the document. Raise OperatorError."""
    if (options.path is None) == (options.folder is None):
        raise OperatorError(
            "a backup goes into a new file or into a folder of them",
            "Name either the file, or the folder with --folder.",
            "bad_arguments",
        )
    if options.keep is not None and options.folder is None:
        raise OperatorError("--keep belongs to --folder", "Leave it out, or name a folder.", "bad_arguments")
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        if options.folder is None:
            made = back_up(vault, options.path)
        else:
            made = back_up_into(vault, options.folder, options.keep or KEEP, SystemClock())
    document: dict[str, Any] = {
        "ok": True,
        "backup": str(made.path),
        "bytes": made.size,
        "verified": True,
        "tables": made.tables,
        "neededKeyId": made.key_id,
    }
    if options.folder is not None:
        document["removed"] = [str(path) for path in made.removed]
    return document
