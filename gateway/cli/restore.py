"""Putting a copy of the vault in its place, for a gateway that is stopped, or for a drill beside it."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.cli.opening import remembered_settings
from gateway.errors import OperatorError
from gateway.server.data_folder import DataFolder
from gateway.settings.settings import Settings
from gateway.util.clock import SystemClock, rfc3339
from gateway.vault.audit import OPERATOR, AuditContext, follow
from gateway.vault.maintenance.restoring import restore
from gateway.vault.vault import DATABASE_FILE


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Restore a copy into the data folder or the PostgreSQL of the settings; return the document.

    No gateway can start on the folder meanwhile. A drill goes into a folder of its own, whatever the settings
    name. Raise OperatorError.
    """
    settings = remembered_settings(options.data_dir, options.sandbox)
    if options.drill is not None:
        settings = _beside(settings, options.drill.absolute(), replacing=options.replace)
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
        "notes": list(_notes(settings, is_drill=options.drill is not None)),
    }
    if restored.copy.last_entry_at is not None:
        document["asOf"] = rfc3339(restored.copy.last_entry_at)
    if restored.aside is not None:
        document["setAside"] = str(restored.aside)
    return document


def _beside(settings: Settings, folder: Path, *, replacing: bool) -> Settings:
    """Return the settings for a drill: a SQLite file in its own folder, opened by the same master key."""
    if replacing:
        raise OperatorError("a drill replaces nothing", "Leave out --replace or --drill.", "bad_arguments")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_taken = (folder / DATABASE_FILE).exists()
    except OSError as error:
        raise OperatorError(
            f"the folder {folder} cannot be used ({error.strerror})",
            "Name a new one with --drill, where you can write.",
            "bad_arguments",
        ) from None
    if is_taken:
        raise OperatorError(
            f"{folder} holds a vault already", "Name a new folder with --drill.", "bad_arguments"
        )
    return replace(settings, data_dir=folder, database_url=None, database_read_url=None)


def _notes(settings: Settings, *, is_drill: bool) -> Iterator[str]:
    """Yield what an operator has to know of a vault that is older than what happened since."""
    if is_drill:
        file = settings.data_dir / DATABASE_FILE
        yield f"The copy can be restored, and what serves was not touched. Afterwards delete {file}."
        return
    yield (
        "Everything is as it was when the copy was made: API keys, stores and accounts that were removed "
        "since are back (revoke or remove them again), and those that were added since are missing."
    )
    yield (
        "Refresh tokens stay valid at Amazon, and access tokens are refreshed where they have ended: only "
        "what was authorized since the copy has to be authorized again."
    )
    yield "What was under way when the copy was made is settled at the start, and fails."
