"""A copy of the vault for safekeeping."""

import argparse
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.vault.maintenance.backup import back_up


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Copy the vault into a new file and return the document to print. Raise OperatorError."""
    with opened(settings_of(options.data_dir, options.sandbox)) as vault:
        size = back_up(vault, options.path)
        key_id = vault.master_key.key.id
    return {"ok": True, "backup": str(options.path), "bytes": size, "neededKeyId": key_id}
