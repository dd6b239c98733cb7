"""A copy in its place: whole, looked at first, and nothing that is there is lost or half changed."""

import base64
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.model import Tokens
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.database.tables import grants
from gateway.vault.errors import VaultError
from gateway.vault.maintenance.backup import back_up
from gateway.vault.maintenance.restoring import restore
from gateway.vault.vault import DATABASE_FILE, Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import store, tokens

OTHER_KEY = Secret(base64.b64encode(b"o" * 32).decode())


@pytest.fixture
def copy(vault: Vault, tmp_path: Path) -> Path:
    """A copy of a vault with one store; the vault may be in either database."""
    store(vault, vault.users.create("安娜"))
    path = tmp_path / "copies" / "备份 100%.db"
    path.parent.mkdir()
    back_up(vault, path)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """The settings of a gateway of the same key, on an empty folder or database."""
    folder = tmp_path / "elsewhere"
    folder.mkdir(0o700)
    url = None
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = as_setting(server.database())
    return replace(settings, data_dir=folder, database_url=url)


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Settings:
    """The settings of a gateway on an empty folder."""
    place = tmp_path / "folder"
    place.mkdir(0o700)
    return replace(settings, data_dir=place, database_url=None)


def tokens_of_the_store(vault: Vault) -> Tokens | None:
    """The tokens of the one store that there is."""
    with vault.database.reading() as connection:
        return vault.grants.tokens(connection.execute(select(grants.c.id)).scalar_one())


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_of_either_database_is_restored_into_either(
    vault: Vault, copy: Path, elsewhere: Settings, clock: SteppingClock
) -> None:
    """With its tokens; the audit tells that it was; nothing but the vault is left in the folder."""
    before = copy.read_bytes()
    restored = restore(elsewhere, copy, replacing=False, clock=clock)
    assert restored.holds == {"stores": 1, "adsAccounts": 0, "users": 1}
    assert restored.aside is None
    assert restored.copy.last_entry_at == int(clock.now())
    assert copy.read_bytes() == before
    assert names(copy.parent) == [copy.name]
    with open_vault(elsewhere, clock) as again:
        assert again.facts == vault.facts
        assert tokens_of_the_store(again) == tokens()
        (latest,), _ = again.audit.newest(1)
        assert (latest.action, latest.subject) == ("vault_restored", copy.name)
        store(again, again.users.create("ben"), "A2", "second")
    left = [DATABASE_FILE] if elsewhere.database_url is None else []
    assert [name for name in names(elsewhere.data_dir) if not name.endswith(("-wal", "-shm"))] == left
    if left:
        assert stat.S_IMODE((elsewhere.data_dir / DATABASE_FILE).stat().st_mode) == 0o600


def test_a_place_that_holds_a_vault_is_left_alone(
    copy: Path, elsewhere: Settings, clock: SteppingClock
) -> None:
    """Told apart from an empty one, and as it was afterwards."""
    with open_vault(elsewhere, clock) as there:
        store(there, there.users.create("ben"), "B1", "another")
    with pytest.raises(VaultError, match="holds") as refused:
        restore(elsewhere, copy, replacing=False, clock=clock)
    assert refused.value.code == "bad_arguments"
    with open_vault(elsewhere, clock) as there:
        assert tokens_of_the_store(there) == tokens("another")


def test_a_file_is_set_aside_whole(copy: Path, folder: Settings, clock: SteppingClock) -> None:
    """With what stood in its log alone; it can be restored in turn."""
    with open_vault(folder, clock) as there:
        ben = there.users.create("ben")
    # A gateway that was killed: what it wrote last is in the log.
    file = folder.data_dir / DATABASE_FILE
    killed = sqlite3.connect(file)
    killed.execute("PRAGMA journal_mode=WAL")
    killed.execute("UPDATE users SET name = 'Benno' WHERE id = ?", [ben])
    killed.commit()
    restored = restore(folder, copy, replacing=True, clock=clock)
    killed.close()
    assert restored.aside is not None
    assert restored.aside.name == "vault-replaced-20270115T080000Z.db"
    with closing(sqlite3.connect(restored.aside)) as aside:
        assert aside.execute("SELECT name FROM users").fetchall() == [("Benno",)]
    with open_vault(folder, clock) as now:
        assert tokens_of_the_store(now) == tokens()
    clock.step(1)
    back = restore(folder, restored.aside, replacing=True, clock=clock)
    assert back.holds == {"stores": 0, "adsAccounts": 0, "users": 1}


def damaged(copy: Path) -> None:
    """Let a page of the copy be another one."""
    content = bytearray(copy.read_bytes())
    content[4096 * 2 : 4096 * 3] = b"\xff" * 4096
    copy.write_bytes(content)


def nameless(copy: Path) -> None:
    """Let a table's name be no text, and its declaration none."""
    content = copy.read_bytes().replace(b"vault_facts", b"vault\xb3acts")
    copy.write_bytes(content.replace(b"CREATE TABLE vault\xb3", b"CREATE TABEL vault\xb3"))


def no_database(copy: Path) -> None:
    """Let it be a file of something else."""
    copy.write_bytes(b"PK\x03\x04" + b"x" * 9000)


def empty(copy: Path) -> None:
    """Let it be an empty file, which SQLite takes for an empty database."""
    copy.write_bytes(b"")


def missing(copy: Path) -> None:
    """Let there be none."""
    copy.unlink()


def newer(copy: Path) -> None:
    """Let a newer gateway have made it."""
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


class TestRefusals:
    """What is refused, whichever database the copy is of."""

    @pytest.fixture
    def database_url(self) -> None:
        """One is enough: a copy is always a file of SQLite's."""
        return

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (damaged, "is damaged or no copy"),
            (nameless, "is damaged or no copy"),
            (no_database, "is damaged or no copy"),
            (empty, "is damaged or no copy"),
            (missing, "there is no file"),
            (newer, "newer gateway"),
        ],
    )
    def test_what_is_no_copy_changes_nothing(
        self, copy: Path, folder: Settings, clock: SteppingClock, spoil: Callable[[Path], None], words: str
    ) -> None:
        """It is said what is wrong, and the vault that is there stays."""
        open_vault(folder, clock).close()
        before = {path.name: path.read_bytes() for path in folder.data_dir.iterdir()}
        spoil(copy)
        with pytest.raises(VaultError, match=words):
            restore(folder, copy, replacing=True, clock=clock)
        assert {path.name: path.read_bytes() for path in folder.data_dir.iterdir()} == before

    def test_another_master_key_is_named(
        self, vault: Vault, copy: Path, folder: Settings, clock: SteppingClock
    ) -> None:
        """By the id of the key that the copy wants."""
        with pytest.raises(VaultError, match=vault.facts.master_key_id):
            restore(replace(folder, master_key=OTHER_KEY), copy, replacing=False, clock=clock)
        assert names(folder.data_dir) == []

    def test_the_other_kind_is_refused(self, copy: Path, folder: Settings, clock: SteppingClock) -> None:
        """A sandbox's copy is no real gateway's."""
        with pytest.raises(VaultError, match="sandbox vault"):
            restore(replace(folder, sandbox=False), copy, replacing=False, clock=clock)
        assert names(folder.data_dir) == []

    def test_a_postgresql_is_not_replaced(
        self, copy: Path, folder: Settings, clock: SteppingClock, postgresql: PostgreSQL
    ) -> None:
        """The words name the way."""
        url = as_setting(postgresql.database())
        with pytest.raises(VaultError, match="not replaced") as refused:
            restore(replace(folder, database_url=url), copy, replacing=True, clock=clock)
        assert "GATEWAY_DATABASE_URL" in refused.value.hint
