"""Changing the master key of a vault, beside the gateway that serves from it."""

from pathlib import Path
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.vault.keys.master_key import read_new_key
from gateway.vault.maintenance.rotation import rotate_master_key as rotate


def rotate_master_key(new_key_file: Path | None, data_dir: Path | None, sandbox: bool) -> dict[str, Any]:
    """Change the key, or finish a change that was interrupted; return the document. Raises OperatorError."""
    given = read_new_key(new_key_file) if new_key_file else None
    settings = settings_of(data_dir, sandbox)
    with opened(settings) as vault:
        rotated = rotate(vault, settings, given)
    return {
        "ok": True,
        "oldKeyId": rotated.old_key_id,
        "newKeyId": rotated.new_key_id,
        "newKeyPlace": rotated.place,
        "resealed": rotated.resealed,
        "resumed": rotated.resumed,
    }
