"""Putting a copy of the vault in its place: into a data folder, or into an empty PostgreSQL.

The copy is looked at where it will lie, on its own disk, before anything that is there is touched.
"""

import secrets
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, func, select

from gateway.settings.settings import Settings
from gateway.util.clock import Clock
from gateway.util.private_files import create_private
from gateway.vault.database.earlier_copies import open_read_only, stamp
from gateway.vault.database.engine import open_database
from gateway.vault.database.tables import grants, users
from gateway.vault.database.troubles import describe_error
from gateway.vault.errors import VaultError
from gateway.vault.keys.sealing import Sealer
from gateway.vault.maintenance.copy_file import CopyFacts, read_copy, wait_for_disk
from gateway.vault.maintenance.copying import copy_vault
from gateway.vault.vault import DATABASE_FILE, existing_vault, open_vault

# What SQLite keeps beside a file, and would take for a part of any other of its name.
_COMPANIONS = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in its place. `aside`: where the file is that was there; `holds`: how many of what."""

    copy: CopyFacts
    aside: Path | None
    holds: dict[str, int]


def restore(settings: Settings, path: Path, *, replacing: bool, clock: Clock) -> Restored:
    """Put the copy `path` where the settings have their vault; no gateway may serve it meanwhile.

    `replacing`: a vault.db that is there is set aside, under a name of its own. Raise VaultError, with
    everything left as it was: the copy is damaged, a newer gateway's, of the other kind or of another master
    key; or the place is not empty.
    """
    if settings.database_url is None:
        found, aside = _into_folder(settings, path, replacing=replacing, clock=clock)
    elif replacing:
        raise VaultError(
            "a PostgreSQL is not replaced",
            "Name an empty database in GATEWAY_DATABASE_URL, and restore into that without --replace.",
            "bad_arguments",
        )
    else:
        found, aside = _into_postgresql(settings, path, clock), None
    # It is brought to this gateway's tables, too.
    with open_vault(settings, clock) as vault, vault.database.writing() as connection:
        vault.audit.record(connection, "vault_restored", subject=path.name)
        holds = _counted(connection)
    return Restored(found, aside, holds)


def _into_folder(
    settings: Settings, path: Path, *, replacing: bool, clock: Clock
) -> tuple[CopyFacts, Path | None]:
    target = settings.data_dir / DATABASE_FILE
    if target.exists() and not replacing:
        raise VaultError(
            f"{settings.data_dir} holds a vault already",
            "Name an empty data folder with GATEWAY_DATA_DIR, or add --replace, which sets that vault aside.",
            "bad_arguments",
        )

    def opener(connection: Connection) -> Sealer:
        opened = existing_vault(connection, settings)
        assert opened is not None, "the copy has facts"
        return opened[2]

    draft = target.with_name(f".{DATABASE_FILE}.{secrets.token_hex(4)}")
    try:
        try:
            create_private(draft, b"")
            _copy(path, draft)
            found = read_copy(draft, opener, told_as=path)
            aside = _set_aside(target, clock.now())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise VaultError(
            f"{target} cannot be written ({error.strerror})",
            "Make room on the disk of the data folder, and give the gateway's user write permission there.",
        ) from None
    return found, aside


def _into_postgresql(settings: Settings, path: Path, clock: Clock) -> CopyFacts:
    """Bring the copy to this gateway's tables in a folder of its own, then copy it over row by row."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data_dir) as folder:
        beside = replace(settings, database_url=None, data_dir=Path(folder))
        found, _ = _into_folder(beside, path, replacing=False, clock=clock)
        open_vault(beside, clock).close()
        file = beside.data_dir / DATABASE_FILE
        with (
            closing(open_database(None, file)) as source,
            closing(open_database(settings.database_url, file, patient=True)) as target,
        ):
            copy_vault(source, target)
    return found


def _copy(path: Path, draft: Path) -> None:
    """Copy a SQLite file by SQLite itself, with what stands in its write-ahead log; wait for the disk."""
    if not path.is_file():
        raise VaultError(f"there is no file {path}", "Correct the path.", "bad_arguments")
    try:
        with closing(open_read_only(path)) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return  # who looks at the draft says so
        raise describe_error(error) or error from None
    except UnicodeDecodeError:  # what SQLite says of a damaged file is no text either
        return
    wait_for_disk(draft)


def _set_aside(target: Path, now: float) -> Path | None:
    """Rename the vault that is there, with what belongs to it, and return its new path; None without one.

    Raise OSError.
    """
    was_there = target.exists()
    if was_there:
        # Then nothing of it is in its log, whatever becomes of the renaming; a damaged one stays as it is.
        with suppress(sqlite3.Error), closing(sqlite3.connect(target)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = target.with_name(f"vault-replaced-{stamp(now)}.db")
    if aside.exists():
        raise FileExistsError(0, f"{aside.name} is there")
    for suffix in (*_COMPANIONS, ""):
        with suppress(FileNotFoundError):
            target.with_name(target.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside if was_there else None


def _counted(connection: Connection) -> dict[str, int]:
    """Return how many stores, ads accounts and users the vault holds."""
    kinds = {"stores": grants.c.flow == "spapi", "adsAccounts": grants.c.flow == "ads"}
    counts = {
        name: connection.execute(select(func.count()).select_from(grants).where(condition)).scalar_one()
        for name, condition in kinds.items()
    }
    return {**counts, "users": connection.execute(select(func.count()).select_from(users)).scalar_one()}
