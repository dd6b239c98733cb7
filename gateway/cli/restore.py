"""Putting a copy of the vault in its place, for a gateway that is stopped, or for a drill beside it."""

import argparse
from typing import Any

from gateway.cli.opening import remembered_settings
from gateway.server.data_folder import DataFolder
from gateway.util.clock import SystemClock, rfc3339
from gateway.vault.audit import OPERATOR, AuditContext, follow
from gateway.vault.maintenance.restoring import restore


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Restore a copy into the data folder or the PostgreSQL of the settings; return the document.

    No gateway can start on the folder meanwhile. Raise OperatorError.
    """
    settings = remembered_settings(options.data_dir, options.sandbox)
    folder = DataFolder.prepare(settings.data_dir)
    folder.lock()
    try:
        follow(AuditContext(who=OPERATOR))
        restored = restore(settings, options.path, replacing=options.replace, clock=SystemClock())
    finally:
        folder.unlock()
    document: dict[str, Any] = {
        "ok": True,
        "restored": str(options.path),
        "database": settings.database_kind,
        "dataDir": str(settings.data_dir),
        "keyId": restored.copy.facts.master_key_id,
        "holds": restored.holds,
        "notes": _notes(),
    }
    if restored.copy.last_entry_at is not None:
        document["asOf"] = rfc3339(restored.copy.last_entry_at)
    if restored.aside is not None:
        document["setAside"] = str(restored.aside)
    return document


def _notes() -> list[str]:
    """Return what an operator has to know of a vault that is older than what happened since."""
    return [
        "Everything is as it was when the copy was made: API keys, stores and accounts that were removed "
        "since are back (revoke or remove them again), and those that were added since are missing.",
        "Refresh tokens stay valid at Amazon, and access tokens are refreshed where they have ended: only "
        "what was authorized since the copy has to be authorized again.",
        "What was under way when the copy was made is settled at the start, and fails.",
    ]
