"""Bringing a database to this version's tables, in one transaction under a lock.

The steps are Alembic scripts in `migrations/versions/`: they are only ever added, never changed. Alembic is
imported only when there is something to do, so that the start of a worker does not pay for it.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from gateway.util import events
from gateway.util.waiting_time import WaitingTime
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)

NEWEST = "0023"
STEPS = Path(__file__).parent / "migrations"
LOCK_SECONDS = 0.5  # between two looks whether another process's migration has ended
_LOCK_ID = 0x6C696E6B666F78  # "linkfox", for PostgreSQL's advisory locks


def current_version(connection: Connection) -> str | None:
    """Return the database's version, or None for an empty one. Raise VaultError for one from the future."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version > NEWEST:
        raise VaultError(
            f"the vault was written by a newer gateway (its tables are {version}, this one's {NEWEST})",
            "Update the gateway, or restore a backup from before the update. Nothing was changed.",
            "not_set_up",
        )
    return version


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


def upgrade(connection: Connection, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Run the steps that are missing, in the connection's own transaction: all of them or none."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: object) -> Any:
        return script._upgrade_revs("head", revision)  # what alembic.command.upgrade itself does

    version, began = current_version(connection), monotonic()
    events.info(log, "migration_started", fromVersion=version, toVersion=NEWEST)
    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
    events.info(log, "migrated", fromVersion=version, toVersion=NEWEST, seconds=round(monotonic() - began, 3))
