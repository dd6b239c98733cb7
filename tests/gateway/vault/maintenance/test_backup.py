"""Copies of a vault, of either database: one SQLite file that was opened before it has its name."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.settings.settings import Settings
from gateway.vault.database import migration
from gateway.vault.database.earlier_copies import stamp
from gateway.vault.database.tables import grants
from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.maintenance.backup import back_up, back_up_into, newest_backup_at
from gateway.vault.vault import DATABASE_FILE, Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import MASTER_KEY, profile, store, tokens


def opened_beside(copy: Path, folder: Path, clock: SteppingClock) -> Vault:
    """Open a copy as the vault of a gateway of its own."""
    folder.mkdir(0o700)
    (folder / DATABASE_FILE).touch(0o600)
    (folder / DATABASE_FILE).write_bytes(copy.read_bytes())
    return open_vault(Settings(data_dir=folder, sandbox=True, master_key=MASTER_KEY), clock)


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_holds_the_whole_vault(vault: Vault, clock: SteppingClock, tmp_path: Path) -> None:
    """Users with their keys, stores with their tokens, profiles, the audit: read in a vault of its own."""
    ann = vault.users.create("安娜 ☕")
    _, key = vault.users.issue_key("安娜 ☕")
    kept = store(vault, ann, name="我的店铺")
    vault.profiles.replace(kept.id, [profile(kept.id)])
    path = tmp_path / "own" / "备份 1.db"
    path.parent.mkdir()
    made = back_up(vault, path)
    assert (made.path, made.size) == (path, path.stat().st_size)
    assert (made.tables, made.key_id) == (migration.NEWEST, vault.facts.master_key_id)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == [path.name]
    with opened_beside(path, tmp_path / "beside", clock) as copy:
        assert copy.facts == vault.facts
        assert copy.grants.tokens(kept.id) == tokens()
        assert copy.profiles.of_grant(kept.id) == vault.profiles.of_grant(kept.id)
        caller = copy.users.authenticate(key.reveal())
        assert caller is not None
        assert caller.user_name == "安娜 ☕"
        store(copy, ann, "A2", "second")  # numbers go on where they were
    (latest,), _ = vault.audit.newest(1)
    assert (latest.action, latest.subject) == ("backup_made", path.name)


def test_a_copy_that_does_not_open_gets_no_name(vault: Vault, tmp_path: Path, clock: SteppingClock) -> None:
    """Nor does it cost an older one its place."""
    folder = tmp_path / "backups"
    good = back_up_into(vault, folder, 1, clock)
    store(vault, vault.users.create("ann"))
    with vault.database.writing() as connection:
        connection.execute(update(grants).values(refresh_token_sealed=b"\x01" + bytes(60)))
    clock.step(60)
    with pytest.raises(SealBroken):
        back_up_into(vault, folder, 1, clock)
    assert names(folder) == [good.path.name]


def test_a_folder_keeps_the_newest(vault: Vault, tmp_path: Path, clock: SteppingClock) -> None:
    """As many as are wanted; what has other names stays, and so does what comes from the future."""
    folder = tmp_path / "deep" / "backups"
    made = []
    for _ in range(3):
        made.append(back_up_into(vault, folder, 2, clock))
        clock.step(3600)
    assert names(folder) == [one.path.name for one in made[1:]]
    assert made[2].removed == [made[0].path]
    others = ["vault-29990101T000000Z.db", "vault-before-0022-20200101T000000Z.db", "vault-notes.db"]
    for name in others:
        (folder / name).touch()
    assert newest_backup_at(folder, clock.now()) == int(clock.now()) - 3600
    last = back_up_into(vault, folder, 1, clock)
    assert names(folder) == sorted([last.path.name, *others])
    clock.step(3600)
    for name, age in (("folder", 60), ("link", 120)):
        nobodys = folder / f"vault-{stamp(clock.now() - age)}.db"
        nobodys.mkdir() if name == "folder" else nobodys.symlink_to("/nowhere")
        others.append(nobodys.name)
    assert newest_backup_at(folder, clock.now()) == int(clock.now()) - 3600
    assert back_up_into(vault, folder, 2, clock).removed == []
    assert last.path.name in names(folder)
    assert set(others) <= set(names(folder))
    assert newest_backup_at(tmp_path / "none", clock.now()) is None


def test_what_a_killed_backup_left_behind_goes(vault: Vault, tmp_path: Path, clock: SteppingClock) -> None:
    """A day later: a younger one may be another process's work; other hidden files are the operator's."""
    old, young = ".vault-20260101T000000Z.db.0123abcd", ".vault-20260101T000000Z.db.89abcdef"
    for name, age in ((old, 90_000), (old + "-journal", 90_000), (young, 60), (".vault-notes", 90_000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (clock.now() - age, clock.now() - age))
    made = back_up_into(vault, tmp_path, 1, clock)
    assert made.removed == []
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith((".", "vault-"))}
    assert left == {young, ".vault-notes", made.path.name}


def test_a_folder_that_cannot_be_made_is_named(vault: Vault, tmp_path: Path, clock: SteppingClock) -> None:
    """In words, and nothing is copied."""
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match="cannot be made") as refused:
        back_up_into(vault, tmp_path / "file" / "backups", 1, clock)
    assert refused.value.code == "bad_arguments"
