"""Opening a vault: what is made, and what is refused with everything left as it was."""

import base64
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from keyring.backend import KeyringBackend
from sqlalchemy import text

from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.database import migration
from gateway.vault.database.engine import BUSY_SECONDS, Database
from gateway.vault.database.tables import metadata
from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.maintenance.rotation import rotate_master_key
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.house import ROOT
from tests.support.vaults import MASTER_KEY, lay_tables, store, tokens

OTHER_KEY = Secret(base64.b64encode(b"o" * 32).decode())
# A gateway's packages, and a vault that it uses; then prints which modules that took.
USE_SQLITE = """
import sys
from pathlib import Path
import gateway.app, gateway.server.serve
from gateway.settings.settings import Settings
from gateway.util.clock import SystemClock
from gateway.vault.vault import open_vault
from tests.support.vaults import MASTER_KEY, store
settings = Settings(data_dir=Path(sys.argv[1]), sandbox=True, master_key=MASTER_KEY)
with open_vault(settings, SystemClock()) as vault:
    store(vault, vault.users.create("ann"))
print(*sys.modules)
"""


class MemoryKeyring(KeyringBackend):
    """A keyring for tests. `hangs`: it waits for somebody to unlock it. `forgets`: it takes and drops."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.hangs = False
        self.forgets = False
        self.unlocked = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is held."""
        if self.hangs:
            self.unlocked.wait()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Hold a password."""
        if self.hangs:
            self.unlocked.wait()
        if not self.forgets:
            self.held[service, username] = password


@pytest.fixture
def os_keyring() -> MemoryKeyring:
    """The keyring of the machine, for the length of a test."""
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    backend.unlocked.set()
    keyring.set_keyring(before)


@pytest.fixture
def migrated() -> bool:
    """Nothing is there before a test opens it."""
    return False


@pytest.fixture
def alone(tmp_path: Path) -> Settings:
    """Settings of a SQLite vault without a master key, with little patience for keyrings."""
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    return Settings(
        data_dir=folder, sandbox=True, master_key_folder=tmp_path / "config" / "keys", keyring_timeout=0.2
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def newer_tables(database: Database, *, compatible_from: str) -> None:
    """Let a newer gateway have changed the tables, by steps that gateways since a version can do with."""
    with database.writing() as connection:
        connection.execute(text("UPDATE tables_version SET version_num = '9999'"))
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": compatible_from})


class TestVersions:
    """Migrations, on both databases."""

    def test_the_steps_lead_to_the_tables(self, vault: Vault) -> None:
        """The migrated database has exactly the tables that the code describes."""
        with vault.database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            found = compare_metadata(context, metadata)
        assert [(what, table.name) for what, table in found] == [("remove_table", "tables_version")]

    def test_the_newest_step_is_the_one_that_is_named(self) -> None:
        """NEWEST is the head of the one line of steps."""
        config = Config()
        config.set_main_option("script_location", str(migration.STEPS))
        assert ScriptDirectory.from_config(config).get_heads() == [migration.NEWEST]

    def test_what_was_stored_is_there_after_a_restart(
        self, vault: Vault, open_another: Callable[[], Vault]
    ) -> None:
        """A vault that is opened again is the same vault."""
        grant = store(vault, vault.users.create("ann"))
        again = open_another()
        assert again.facts == vault.facts
        assert again.grants.tokens(grant.id) == tokens()

    def test_many_that_open_an_empty_database_make_one_vault(
        self, settings: Settings, clock: SteppingClock
    ) -> None:
        """Workers and replicas that start at once agree on one vault."""
        barrier = threading.Barrier(4)
        opened: list[str] = []

        def start() -> None:
            barrier.wait()
            with open_vault(settings, clock) as one:
                opened.append(one.facts.vault_id)

        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == 4
        assert len(set(opened)) == 1

    def test_a_newer_database_is_refused(
        self, vault: Vault, settings: Settings, clock: SteppingClock
    ) -> None:
        """A vault of a later version is named as such and left as it is."""
        newer_tables(vault.database, compatible_from="9998")
        with pytest.raises(VaultError, match="newer gateway") as refused:
            open_vault(settings, clock)
        assert refused.value.code == "not_set_up"
        with vault.database.reading() as connection:
            assert connection.execute(text("SELECT version_num FROM tables_version")).scalar() == "9999"

    def test_an_older_database_is_left_to_a_start(
        self, vault: Vault, settings: Settings, clock: SteppingClock
    ) -> None:
        """Who opens it beside a gateway does not upgrade it; a new one is made all the same."""
        with vault.database.writing() as connection:
            connection.execute(text("UPDATE tables_version SET version_num = '0021'"))
        with pytest.raises(VaultError, match="only a start changes them") as refused:
            open_vault(settings, clock, migrating=False)
        assert (refused.value.code, "upgrade-check" in refused.value.hint) == ("not_set_up", True)
        # A gateway that runs is not started anew: a start alone would change nothing.
        assert "stop that one, start the one of these files" in refused.value.hint
        with vault.database.reading() as connection:
            assert connection.execute(text("SELECT version_num FROM tables_version")).scalar() == "0021"

    def test_a_newer_database_that_says_so_is_worked_on(
        self, vault: Vault, settings: Settings, clock: SteppingClock
    ) -> None:
        """An older gateway is started again beside a newer one: it goes on, and changes no tables.

        What has to know all that is in the vault is left to the newer one.
        """
        grant = store(vault, vault.users.create("ann"))
        newer_tables(vault.database, compatible_from=migration.NEWEST)
        with open_vault(settings, clock) as again:
            assert again.grants.tokens(grant.id) == tokens()
            store(again, again.users.create("ben"), "A2", "second")
            assert again.key_opens()
            with pytest.raises(VaultError, match="a newer gateway"):
                rotate_master_key(again, settings, sleep=lambda _: None)
        with vault.database.reading() as connection:
            assert connection.execute(text("SELECT version_num FROM tables_version")).scalar() == "9999"

    def test_a_migration_that_fails_changes_nothing(
        self, settings: Settings, clock: SteppingClock, open_another: Callable[[], Vault]
    ) -> None:
        """Without its key an empty database stays empty, and works once there is one."""
        with pytest.raises(VaultError):
            open_vault(replace(settings, master_key=Secret("too short")), clock)
        assert open_another().facts.kind == "sandbox"


class TestKinds:
    """Sandbox and real are never mixed."""

    def test_the_other_kind_is_refused(self, vault: Vault, settings: Settings, clock: SteppingClock) -> None:
        """A real gateway does not open a sandbox vault."""
        assert vault.facts.kind == "sandbox"
        with pytest.raises(VaultError, match="sandbox vault") as refused:
            open_vault(replace(settings, sandbox=False), clock)
        assert "--sandbox" in refused.value.hint


class TestMasterKey:
    """Where the key comes from, and that no start happens without the right one."""

    def test_a_wrong_key_is_refused_by_name(
        self, vault: Vault, settings: Settings, clock: SteppingClock
    ) -> None:
        """Another key than the vault's is refused, naming the id that the vault wants."""
        with pytest.raises(VaultError, match=vault.facts.master_key_id) as refused:
            open_vault(replace(settings, master_key=OTHER_KEY), clock)
        assert OTHER_KEY.reveal() not in str(refused.value)

    def test_the_key_is_kept_in_the_keyring(
        self, alone: Settings, clock: SteppingClock, os_keyring: MemoryKeyring
    ) -> None:
        """With a keyring, the generated key goes there and nowhere else, and is found there again."""
        with open_vault(alone, clock) as made:
            assert (made.master_key.source, made.master_key.generated) == ("keyring", True)
        assert len(os_keyring.held) == 1
        assert not alone.master_key_folder.exists()
        with open_vault(alone, clock) as again:
            assert (again.master_key.source, again.master_key.generated) == ("keyring", False)

    @pytest.mark.parametrize("trouble", ["hangs", "forgets"])
    def test_without_a_keyring_it_is_kept_in_a_private_file(
        self, alone: Settings, clock: SteppingClock, os_keyring: MemoryKeyring, trouble: str
    ) -> None:
        """A keyring that waits for ever or drops what it takes is not used: a 0600 file elsewhere is."""
        setattr(os_keyring, trouble, True)
        with open_vault(alone, clock) as made:
            assert (made.master_key.source, made.master_key.generated) == ("key_folder", True)
            path = Path(made.master_key.place)
        assert path.parent == alone.master_key_folder
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with open_vault(alone, clock) as again:
            assert again.master_key.generated is False

    def test_a_keyring_that_is_gone_leads_to_no_second_key(
        self, alone: Settings, clock: SteppingClock, os_keyring: MemoryKeyring
    ) -> None:
        """The vault says where its key was, and no other key is made or looked for."""
        with open_vault(alone, clock) as made:
            wanted = made.master_key.key.id
        before = contents(alone.data_dir)
        os_keyring.hangs = True
        with pytest.raises(VaultError, match="keyring"):
            open_vault(alone, clock)
        os_keyring.hangs = False
        os_keyring.held.clear()
        with pytest.raises(VaultError, match="keyring") as refused:
            open_vault(alone, clock)
        assert refused.value.code == "not_set_up"
        assert wanted in refused.value.message
        assert not alone.master_key_folder.exists()
        assert contents(alone.data_dir) == before

    def test_a_key_that_was_set_must_stay_set(
        self, alone: Settings, clock: SteppingClock, os_keyring: MemoryKeyring
    ) -> None:
        """A vault made with GATEWAY_MASTER_KEY does not start without it, and asks no keyring."""
        with open_vault(replace(alone, master_key=MASTER_KEY), clock) as made:
            wanted = made.master_key.key.id
        with pytest.raises(VaultError, match=f"master key {wanted} in GATEWAY_MASTER_KEY"):
            open_vault(alone, clock)
        assert not os_keyring.held

    def test_the_same_key_may_come_from_elsewhere_when_it_is_set(
        self, alone: Settings, clock: SteppingClock, os_keyring: MemoryKeyring
    ) -> None:
        """A vault that moved to another machine opens with a copy of its key in GATEWAY_MASTER_KEY."""
        open_vault(alone, clock).close()
        (copy,) = os_keyring.held.values()
        os_keyring.held.clear()
        with open_vault(replace(alone, master_key=Secret(copy)), clock) as moved:
            assert moved.facts.master_key_source == "keyring"

    def test_a_key_file_is_read(self, alone: Settings, clock: SteppingClock, tmp_path: Path) -> None:
        """GATEWAY_MASTER_KEY_FILE holds the same text, with or without a line end."""
        path = tmp_path / "key"
        path.write_text(MASTER_KEY.reveal() + "\n")
        with open_vault(replace(alone, master_key_file=path), clock) as opened:
            assert opened.master_key.source == "file"
        path.unlink()
        with pytest.raises(VaultError, match="GATEWAY_MASTER_KEY_FILE"):
            open_vault(replace(alone, master_key_file=path), clock)

    @pytest.mark.parametrize("key", ["", "x", "a" * 43, "ä" * 44, base64.b64encode(bytes(31)).decode()])
    def test_what_is_no_key_is_refused(self, alone: Settings, clock: SteppingClock, key: str) -> None:
        """A key that is not 32 bytes in base64 is refused without being repeated."""
        with pytest.raises(VaultError, match="32 bytes") as refused:
            open_vault(replace(alone, master_key=Secret(key)), clock)
        assert len(key) < 2 or key not in str(refused.value)

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
    def test_a_key_file_that_others_can_read_is_refused(
        self, alone: Settings, clock: SteppingClock, os_keyring: MemoryKeyring
    ) -> None:
        """The key's file in the key folder must be its owner's alone."""
        os_keyring.forgets = True
        with open_vault(alone, clock) as made:
            path = Path(made.master_key.place)
        path.chmod(0o644)
        with pytest.raises(VaultError, match="read by others"):
            open_vault(alone, clock)

    def test_a_tampered_known_text_is_noticed(
        self, vault: Vault, settings: Settings, clock: SteppingClock
    ) -> None:
        """A vault whose facts were changed does not open."""
        changed = vault.facts.key_check[:-1] + bytes([vault.facts.key_check[-1] ^ 1])
        with vault.database.writing() as connection:
            connection.execute(
                text("UPDATE vault_facts SET value = :value WHERE name = 'key_check'"),
                {"value": changed.hex()},
            )
        with pytest.raises(SealBroken):
            open_vault(settings, clock)


class TestFile:
    """The SQLite file itself."""

    @pytest.fixture
    def with_key(self, alone: Settings) -> Settings:
        """Settings with a master key."""
        return replace(alone, master_key=MASTER_KEY)

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
    def test_all_files_are_private_whatever_the_umask(self, with_key: Settings, clock: SteppingClock) -> None:
        """The database and its companions are 0600 even where the umask would let everybody in."""
        before = os.umask(0)
        try:
            with open_vault(with_key, clock) as opened:
                opened.users.create("ann")
                modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in with_key.data_dir.iterdir()}
        finally:
            os.umask(before)
        assert set(modes) == {"vault.db", "vault.db-wal", "vault.db-shm"}
        assert set(modes.values()) == {0o600}

    def test_connections_are_set_up_for_durability(self, with_key: Settings, clock: SteppingClock) -> None:
        """Every connection has the write-ahead log, full sync, foreign keys and secure delete."""
        with open_vault(with_key, clock) as opened, opened.database.reading() as connection:
            for pragma, value in (
                ("journal_mode", "wal"),
                ("synchronous", 2),
                ("foreign_keys", 1),
                ("secure_delete", 1),
                ("busy_timeout", BUSY_SECONDS * 1000),
            ):
                assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
    @pytest.mark.parametrize("spoil", ["readable", "link"])
    def test_a_file_that_is_not_private_is_refused(
        self, with_key: Settings, clock: SteppingClock, tmp_path: Path, spoil: str
    ) -> None:
        """A database that others can read, or a link in its place, is not opened."""
        path = with_key.data_dir / "vault.db"
        if spoil == "link":
            path.symlink_to(tmp_path / "elsewhere")
        else:
            path.touch(0o644)
            path.chmod(0o644)
        with pytest.raises(VaultError, match="only its owner"):
            open_vault(with_key, clock)

    def test_what_is_no_database_is_named_so(self, with_key: Settings, clock: SteppingClock) -> None:
        """A file with other content gives a sentence, and keeps its content."""
        path = with_key.data_dir / "vault.db"
        path.touch(0o600)
        path.write_bytes(b"not a database" * 100)
        with pytest.raises(VaultError, match="no SQLite database"):
            open_vault(with_key, clock)
        assert path.read_bytes() == b"not a database" * 100

    def test_a_locked_database_gives_a_sentence(
        self, with_key: Settings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While another program holds the write lock, a write waits and then says so; it may be repeated."""
        monkeypatch.setattr("gateway.vault.database.engine.BUSY_SECONDS", 0.1)
        with open_vault(with_key, clock) as opened:
            other = sqlite3.connect(with_key.data_dir / "vault.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(VaultError, match="locked") as refused:
                opened.users.create("ann")
            assert refused.value.retryable
            other.execute("ROLLBACK")
            other.close()
            opened.users.create("ann")

    def test_a_full_disk_gives_a_sentence(self, with_key: Settings, clock: SteppingClock) -> None:
        """Where the database cannot grow, what was there stays and the error says why."""
        with open_vault(with_key, clock) as opened:
            user = opened.users.create("ann")
            grant = store(opened, user)
            opened.database.engine.dispose()
            with opened.database.engine.connect() as connection:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

            def fill() -> None:
                for number in range(200):
                    store(opened, user, f"B{number}")

            with pytest.raises(VaultError, match="disk"):
                fill()
            assert opened.grants.tokens(grant.id) == tokens()


def test_sqlite_loads_nothing_of_postgresql(tmp_path: Path) -> None:
    """A gateway on SQLite loads neither PostgreSQL's driver nor its dialect, which cost memory and time."""
    lay_tables(tmp_path)  # what makes them loads every dialect
    command = [sys.executable, "-c", USE_SQLITE, str(tmp_path)]
    loaded = subprocess.check_output(command, cwd=ROOT, text=True).split()
    assert "sqlalchemy.dialects.sqlite" in loaded
    assert [name for name in loaded if "postgresql" in name or name.startswith("psycopg")] == []


def test_a_postgresql_that_is_away_gives_a_sentence(alone: Settings, clock: SteppingClock) -> None:
    """An address where nothing listens is told without the password in it."""
    url = Secret("postgresql+psycopg://user:canary-password@127.0.0.1:1/none")
    with pytest.raises(VaultError, match="PostgreSQL") as refused:
        open_vault(replace(alone, database_url=url, master_key=MASTER_KEY), clock)
    assert refused.value.retryable
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("rest", ["user:canary@host:port/x", "[", "user:canary@[::1/x"])
def test_an_address_that_cannot_be_read_is_refused(alone: Settings, clock: SteppingClock, rest: str) -> None:
    """A malformed address gives a sentence without its content."""
    with pytest.raises(VaultError) as refused:
        open_vault(replace(alone, database_url=Secret(f"postgresql+psycopg://{rest}")), clock)
    assert "canary" not in str(refused.value)
