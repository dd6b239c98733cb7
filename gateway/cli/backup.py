"""A copy of the vault for safekeeping."""

from pathlib import Path
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.vault.maintenance.backup import back_up


def backup(path: Path, data_dir: Path | None, sandbox: bool) -> dict[str, Any]:
    """Copy the vault into a new file and return the document to print. Raises OperatorError."""
    with opened(settings_of(data_dir, sandbox)) as vault:
        size = back_up(vault, path)
        key_id = vault.master_key.key.id
    return {"ok": True, "backup": str(path), "bytes": size, "neededKeyId": key_id}
