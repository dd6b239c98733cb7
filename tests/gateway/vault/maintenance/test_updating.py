"""A SQLite vault is copied before its tables are changed, and not changed where it cannot be."""

import logging
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from gateway.settings.settings import Settings
from gateway.vault.database import earlier_copies, migration
from gateway.vault.database.engine import open_database
from gateway.vault.errors import VaultError
from gateway.vault.maintenance.restoring import restore
from gateway.vault.vault import DATABASE_FILE, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import store

BEFORE = "0021"
COPY = f"vault-before-{migration.NEWEST}-20270115T080000Z.db"


@pytest.fixture
def database_url() -> None:
    """SQLite alone: a PostgreSQL is dumped by its owner."""
    return


@pytest.fixture
def old(settings: Settings, clock: SteppingClock) -> Settings:
    """A vault with one store, whose newest step was never made."""
    with open_vault(settings, clock) as vault:
        store(vault, vault.users.create("安娜"))
    make_older(settings.data_dir / DATABASE_FILE)
    return settings


def make_older(path: Path) -> None:
    """Take the newest step back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE users DROP COLUMN changes")
        connection.execute("ALTER TABLE grants DROP COLUMN return_url")
        connection.execute("DROP TABLE tables_version")
        connection.execute("UPDATE alembic_version SET version_num = ?", [BEFORE])


def version_of(path: Path) -> str:
    """The version of the tables in a file."""
    database = open_database(None, path)
    with closing(database), database.reading() as connection:
        return str(migration.current_version(connection))


def copies(settings: Settings) -> list[str]:
    """The copies that lie beside the vault."""
    return sorted(path.name for path in settings.data_dir.glob("vault-before-*"))


def test_the_copy_is_the_vault_from_before(
    old: Settings, clock: SteppingClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Private, whole, of the old tables; told in the log; nothing else is left beside it."""
    with caplog.at_level(logging.INFO):
        open_vault(old, clock).close()
    assert copies(old) == [COPY]
    path = old.data_dir / COPY
    assert version_of(path) == BEFORE
    assert version_of(old.data_dir / DATABASE_FILE) == migration.NEWEST
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"vault_copied file={path} fromVersion={BEFORE}" in caplog.text
    assert not list(old.data_dir.glob(".*"))
    open_vault(old, clock).close()
    assert copies(old) == [COPY]


def test_a_new_vault_and_a_current_one_are_not_copied(settings: Settings, clock: SteppingClock) -> None:
    """There is nothing to go back to."""
    for _ in range(2):
        open_vault(settings, clock).close()
    assert copies(settings) == []


def test_the_newest_are_kept(old: Settings, clock: SteppingClock) -> None:
    """Three: older ones go once the new one is there."""
    made = []
    for _ in range(4):
        open_vault(old, clock).close()
        made += [name for name in copies(old) if name not in made]
        make_older(old.data_dir / DATABASE_FILE)
        clock.step(3600)
    assert copies(old) == sorted(made[-earlier_copies.KEPT :])
    assert len(made) == 4


def test_without_room_nothing_is_changed(
    old: Settings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much is wanted and how much is free is said; with room the next start goes through."""
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 500_000))
        with pytest.raises(VaultError, match=r"wants \d\.\d MB in .*, and 0\.5 MB are free") as refused:
            open_vault(old, clock)
    assert "Make room" in refused.value.hint
    assert copies(old) == []
    assert version_of(old.data_dir / DATABASE_FILE) == BEFORE
    open_vault(old, clock).close()
    assert copies(old) == [COPY]


def test_the_refusal_of_a_newer_vault_names_the_copy_that_fits(
    old: Settings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And to the letter: restored by that command, the older gateway serves what it had."""
    open_vault(old, clock).close()
    (old.data_dir / "vault-before-0024-20280115T080000Z.db").write_bytes(
        (old.data_dir / DATABASE_FILE).read_bytes()
    )
    # This is the older gateway from now on.
    monkeypatch.setattr(migration, "NEWEST", BEFORE)
    with pytest.raises(VaultError, match="newer gateway") as refused:
        open_vault(old, clock)
    path = old.data_dir / COPY
    assert f"`python3 scripts/local_gateway.py restore {path} --replace`" in refused.value.hint
    restored = restore(old, path, replacing=True, clock=clock)
    assert restored.holds == {"stores": 1, "adsAccounts": 0, "users": 1}
