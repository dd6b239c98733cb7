"""Copies of the vault for safekeeping, one or a folder of the newest: each is looked at before it counts."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.util.clock import Clock
from gateway.vault.database.earlier_copies import stamp
from gateway.vault.errors import VaultError
from gateway.vault.maintenance.copy_file import read_copy, write_copy
from gateway.vault.maintenance.new_file import new_file
from gateway.vault.vault import Vault

_NAME = re.compile(r"vault-(\d{8}T\d{6}Z)\.db")
# What `new_file` leaves behind where it was killed, with what SQLite may keep beside it.
_DRAFT = re.compile(r"\.vault-\d{8}T\d{6}Z\.db\.[0-9a-f]{8}(-journal|-wal|-shm)?")
# In seconds. A draft that nothing was written to for so long is nobody's work any more.
DRAFT_AGE = 24 * 3600


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made and looked at. `removed`: older ones that had to go; `key_id`: what opens it."""

    path: Path
    size: int
    tables: str
    key_id: str
    removed: list[Path] = field(default_factory=list)


def back_up(vault: Vault, path: Path) -> Backup:
    """Copy the vault into the new file `path` (0600), a SQLite one whichever database it is in.

    It has its name once it has opened with the master key. Raise VaultError.
    """
    with new_file(path, "a copy of the vault") as draft:
        write_copy(vault.database, draft)
        copy = read_copy(draft, lambda _: vault.keys)
    with vault.database.writing() as connection:
        vault.audit.record(connection, "backup_made", subject=path.name)
    return Backup(path, path.stat().st_size, copy.tables, copy.facts.master_key_id)


def back_up_into(vault: Vault, folder: Path, keep: int, clock: Clock) -> Backup:
    """Add a copy named by the moment to a folder, and leave the newest `keep` there. Raise VaultError.

    Older ones go only once the new one was looked at, and with them what a killed one has left behind. Files
    of other names are nobody's business here.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise VaultError(
            f"the folder {folder} cannot be made ({error.strerror})",
            "Name a folder that the gateway's user can write to.",
            "bad_arguments",
        ) from None
    now = clock.now()
    made = back_up(vault, folder / f"vault-{stamp(now)}.db")
    removed = []
    for path in _backups(folder, now)[keep:]:
        with suppress(OSError):
            path.unlink()
            removed.append(path)
    for path in folder.glob(".vault-*"):
        with suppress(OSError):
            if _DRAFT.fullmatch(path.name) and now - path.lstat().st_mtime > DRAFT_AGE:
                path.unlink()
    return Backup(made.path, made.size, made.tables, made.key_id, removed)


def newest_backup_at(folder: Path, now: float) -> float | None:
    """Return the moment (epoch seconds) of the newest copy of a folder up to now; None where it has none."""
    found = _backups(folder, now)
    return _moment(found[0]) if found else None


def _backups(folder: Path, now: float) -> list[Path]:
    """Return the copies of a folder, the newest first.

    Those from the future are left out: a clock was wrong when they were made, and they say nothing. So are
    folders and links of such a name, which nobody here has made.
    """
    named = [path for path in folder.glob("vault-*.db") if _NAME.fullmatch(path.name)]
    files = [path for path in named if path.is_file() and not path.is_symlink()]
    known = [path for path in files if _moment(path) <= now]
    return sorted(known, key=_moment, reverse=True)


def _moment(path: Path) -> float:
    found = _NAME.fullmatch(path.name)
    assert found is not None
    with suppress(ValueError):
        return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    return float("inf")
