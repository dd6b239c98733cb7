"""Bringing a database to this version's tables, in one transaction under a lock.

The steps are Alembic scripts in `migrations/versions/`: they are only ever added, never changed. The first
line of one says what its tables are for; `rewrites` names tables in which it changes rows. Alembic is
imported only when there is something to do, so that the start of a worker does not pay for it.
"""

import logging
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, inspect, select, text

from gateway.util import events
from gateway.util.waiting_time import WaitingTime
from gateway.vault.database.earlier_copies import fitting_copy
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)

# The tables that this gateway makes.
NEWEST = "0023"
# Gateways that know the tables since this one can work on the newest, and be started on them: what the steps
# after it add, they do without. A step that changes or removes what they use becomes this one.
COMPATIBLE_FROM = "0022"
# Every gateway, 0.2.0 and older ones, too, refuses a database where the version in the first table is above
# its own newest: so that holds COMPATIBLE_FROM. The second has the version of the tables themselves; while no
# gateway since 0.3.0 has changed them, it is not there, and the first says both.
_COMPATIBILITY = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_VERSION = Table("tables_version", MetaData(), Column("version_num", String(32), primary_key=True))
STEPS = Path(__file__).parent / "migrations"
LOCK_SECONDS = 0.5  # between two looks whether another process's migration has ended
_LOCK_ID = 0x6C696E6B666F78  # "linkfox", for PostgreSQL's advisory locks


def current_version(connection: Connection) -> str | None:
    """Return the version of the database's tables, None for an empty one; it may be a newer gateway's.

    Raise VaultError for a newer one's that this gateway cannot work on.
    """
    there = inspect(connection)
    if not there.has_table(_COMPATIBILITY.name):
        return None
    least: str | None = connection.execute(select(_COMPATIBILITY)).scalar()
    version = connection.execute(select(_VERSION)).scalar() if there.has_table(_VERSION.name) else least
    if least is not None and least > NEWEST:
        raise VaultError(
            f"the vault was written by a newer gateway (its tables are {version}, this one's {NEWEST})",
            _way_back(connection) + " Nothing was changed.",
            "not_set_up",
        )
    return version


def needs_upgrade(version: str | None) -> bool:
    """Tell whether tables of this version are older than this gateway's."""
    return version is None or version < NEWEST


def require_current(version: str | None) -> None:
    """Raise VaultError where tables of this version are older than this gateway's."""
    if needs_upgrade(version):
        raise VaultError(
            f"the vault's tables are those of an older gateway ({version}, this one's {NEWEST}), and only a "
            "start changes them",
            "Run the command from the files of the gateway that served last; or stop that one, start the one "
            "of these files, which changes the tables, and run the command again. `python3 "
            "scripts/local_gateway.py upgrade-check` tells what that does. Nothing was changed.",
            "not_set_up",
        )


def require_own_version(connection: Connection, what: str) -> None:
    """Raise VaultError where the tables are a newer gateway's: `what` has to know all that is in them."""
    version = current_version(connection)
    if version is not None and version > NEWEST:
        raise VaultError(
            f"the vault's tables are those of a newer gateway ({version}, this one's {NEWEST}), so {what} "
            "would not be whole",
            "Do it with the newer gateway. Nothing was changed.",
            "not_set_up",
        )


def _way_back(connection: Connection) -> str:
    """Return what to do where the tables are too new, with the copy to go back to where there is one."""
    file = connection.engine.url.database if connection.dialect.name == "sqlite" else None
    copy = fitting_copy(Path(file).parent, NEWEST) if file else None
    if copy is None:
        return "Update the gateway, or restore a backup from before the update."
    return (
        "Update the gateway; or go back to the copy from before the update, without what came since: "
        f"`python3 scripts/local_gateway.py restore {shlex.quote(str(copy))} --replace`."
    )


def take_migration_lock(connection: Connection, pause: Callable[[float], object] = time.sleep) -> None:
    """Wait until no other process migrates, however long that takes, and say so in the log.

    SQLite's write transaction is that lock already. PostgreSQL's ends with the transaction, so it also holds
    through a pooler of transactions.
    """
    if connection.dialect.name != "postgresql":
        return
    waiting = WaitingTime()
    while not connection.execute(text("SELECT pg_try_advisory_xact_lock(:id)"), {"id": _LOCK_ID}).scalar():
        if waiting.is_to_be_said():
            events.warning(log, "migration_awaited", seconds=waiting.seconds)
        pause(LOCK_SECONDS)


@dataclass(frozen=True, slots=True)
class Step:
    """A step: the version of the tables that it makes, what for, and tables whose rows it rewrites."""

    tables: str
    about: str
    rewrites: tuple[str, ...]


def steps_after(version: str | None) -> list[Step]:
    """Return the steps that lead from tables of a version (None: from none) to this gateway's, in order."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(_config())
    return [
        Step(
            revision.revision,
            (revision.module.__doc__ or "").partition("\n")[0],
            tuple(getattr(revision.module, "rewrites", ())),
        )
        for revision in reversed(list(script.walk_revisions()))
        if version is None or revision.revision > version
    ]


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    return config


def upgrade(connection: Connection, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Run the steps that are missing, in the connection's own transaction: all of them or none."""
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = _config()
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: object) -> Any:
        return script._upgrade_revs("head", revision)  # what alembic.command.upgrade itself does

    version, began = current_version(connection), monotonic()
    events.info(log, "migration_started", fromVersion=version, toVersion=NEWEST)
    if version is not None:
        _write_version(connection, _VERSION, version)
    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, transactional_ddl=True, version_table=_VERSION.name)
        environment.run_migrations()
    _write_version(connection, _COMPATIBILITY, COMPATIBLE_FROM)
    events.info(log, "migrated", fromVersion=version, toVersion=NEWEST, seconds=round(monotonic() - began, 3))


def _write_version(connection: Connection, table: Table, version: str) -> None:
    table.create(connection, checkfirst=True)
    connection.execute(delete(table))
    connection.execute(insert(table).values(version_num=version))
