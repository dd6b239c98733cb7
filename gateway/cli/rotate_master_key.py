"""Changing the master key of a vault, beside the gateway that serves from it."""

import argparse
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.vault.audit import subject_of
from gateway.vault.keys.master_key import read_new_key
from gateway.vault.maintenance.rotation import rotate_master_key


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Change the key, or finish a change that was interrupted; return the document. Raise OperatorError."""
    given = read_new_key(options.new_key_file) if options.new_key_file else None
    settings = settings_of(options.data_dir, options.sandbox)
    with opened(settings) as vault:
        rotated = rotate_master_key(vault, settings, given)
    return {
        "ok": True,
        "oldKeyId": rotated.old_key_id,
        "newKeyId": rotated.new_key_id,
        "newKeyPlace": rotated.place,
        "resealed": rotated.resealed,
        "resumed": rotated.resumed,
        "damaged": [{"authRecordId": grant.id, "subject": subject_of(grant)} for grant in rotated.damaged],
    }
