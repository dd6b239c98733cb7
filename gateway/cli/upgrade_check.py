"""What an upgrade would do to a gateway, told by the new version before anything is changed.

It is run from the new files, on the data folder and with the settings of the gateway that is to be upgraded,
whether that serves or not.
"""

import argparse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Any

from gateway.cli.opening import remembered_settings
from gateway.server.data_folder import DataFolder
from gateway.settings.cautions import cautions
from gateway.settings.settings import Settings
from gateway.util.clock import SystemClock, rfc3339
from gateway.util.command_names import SCRIPT, as_called_here
from gateway.util.version import version
from gateway.vault.database.engine import open_database
from gateway.vault.maintenance.update_plan import UpdatePlan, plan_update
from gateway.vault.maintenance.updating import no_room
from gateway.vault.vault import DATABASE_FILE, existing_vault

HOUR = 3600


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the document. Raise OperatorError for what is in the way of the upgrade."""
    settings = remembered_settings(options.data_dir, options.sandbox)
    doubtful = [asdict(caution) for caution in cautions(settings)]
    document: dict[str, Any] = {"ok": True, "version": version(), **_running(settings), "settings": doubtful}
    path = settings.data_dir / DATABASE_FILE
    if settings.database_url is None and not path.exists():
        return document | {
            "notes": [f"There is no vault in {settings.data_dir} yet: the first start makes one."]
        }
    with closing(open_database(settings.database_url, path)) as database:
        plan = plan_update(database)
        with database.reading() as connection:
            opened = existing_vault(connection, settings)
    if plan.room is not None and plan.room.free < plan.room.needed:
        raise no_room(plan.room.folder, plan.room.needed, plan.room.free)
    document |= _told(plan, settings)
    if opened is not None:
        document |= {"neededKeyId": opened[0].master_key_id, "neededKeyPlace": opened[1].place}
    return document


def _running(settings: Settings) -> dict[str, Any]:
    """Return which version was started last on the data folder, as far as that is known."""
    running = DataFolder(settings.data_dir).running()
    if running is None:
        return {}
    return {"running": {name: running[name] for name in ("version", "url", "pid") if name in running}}


def _told(plan: UpdatePlan, settings: Settings) -> dict[str, Any]:
    steps = [
        {
            "tables": step.tables,
            "about": step.about,
            **({"rewrites": list(step.rewrites)} if step.rewrites else {}),
        }
        for step in plan.steps
    ]
    newest = plan.steps[-1].tables if plan.steps else plan.tables
    told: dict[str, Any] = {
        "database": {
            "kind": settings.database_kind,
            "bytes": plan.size,
            "tables": plan.tables,
            "newTables": newest,
        },
        "steps": steps,
        "olderCanStart": plan.older_can_start,
    }
    if plan.room is not None:
        told["copy"] = {
            "folder": str(plan.room.folder),
            "neededBytes": plan.room.needed,
            "freeBytes": plan.room.free,
        }
    if plan.last_backup_at is not None:
        hours = int((SystemClock().now() - plan.last_backup_at) // HOUR)
        told["lastBackup"] = {"at": rfc3339(plan.last_backup_at), "hoursAgo": hours}
    return told | {"notes": [as_called_here(note) for note in _notes(plan, settings)]}


def _notes(plan: UpdatePlan, settings: Settings) -> Iterator[str]:
    """Yield in sentences what follows for whoever upgrades."""
    if not plan.steps:
        yield "The tables stay as they are: gateways can be replaced one after the other, and put back."
        return
    if settings.database_url is None:
        yield "The first start copies vault.db beside it, changes the tables, and goes on from there."
    else:
        yield (
            "The first start changes the tables in one transaction, for which running gateways wait. Nothing "
            f"is copied by itself: make a backup before, with `{SCRIPT} backup --folder PATH` of the version "
            "that serves now (this one leaves its tables alone), or with pg_dump."
        )
    if plan.older_can_start:
        yield "Gateways of the older version go on meanwhile, and can be started again afterwards."
    else:
        yield (
            "Gateways of the older version that run go on meanwhile. One that is started afterwards is "
            "refused: going back needs the copy or backup from before."
        )
