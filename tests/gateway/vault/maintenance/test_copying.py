"""Moving a vault from SQLite to PostgreSQL: whole, verified, taken up again, and never over another one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.database.engine import Database, open_database
from gateway.vault.database.tables import audit, grants, metadata
from gateway.vault.errors import VaultError
from gateway.vault.maintenance import copying
from gateway.vault.maintenance.copying import copy_vault
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import MASTER_KEY, account, lay_tables, profile, store, tokens


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a vault on SQLite."""
    lay_tables(tmp_path)
    return Settings(data_dir=tmp_path, sandbox=True, master_key=MASTER_KEY)


@pytest.fixture
def target(postgresql: PostgreSQL) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    database = open_database(as_setting(postgresql.database()), Path())
    yield database
    database.close()


@pytest.fixture
def source(settings: Settings, clock: SteppingClock) -> Iterator[Vault]:
    """A vault with something in every room."""
    with open_vault(settings, clock) as vault:
        for name in ("ann", "bob"):
            user = vault.users.create(name)
            vault.users.issue_key(name)
            for number in range(7):
                store(vault, user, f"A{number}", f"{name}{number}")
            brand = account(vault, user)
            vault.profiles.replace(brand.id, [profile(brand.id, 5), profile(brand.id, 2**63 - 1)])
        yield vault


def content(database: Database) -> dict[str, set[tuple[object, ...]]]:
    """Everything that a database holds, by table."""
    with database.reading() as connection:
        return {
            table.name: {tuple(row) for row in connection.execute(select(table))}
            for table in metadata.sorted_tables
        }


def opened(settings: Settings, target: Database, clock: SteppingClock) -> Vault:
    """The vault in the target."""
    url = Secret(target.engine.url.render_as_string(hide_password=False))
    return open_vault(replace(settings, database_url=url), clock)


def test_a_copy_is_the_same_vault(
    source: Vault, target: Database, settings: Settings, clock: SteppingClock
) -> None:
    """Every row is there, the tokens open with the same key, and new rows get numbers of their own."""
    counts = copy_vault(source.database, target)
    assert counts["users"] == 2
    assert counts["grants"] == 16
    assert counts["profiles"] == 4
    assert content(target) == content(source.database)
    with opened(settings, target, clock) as vault:
        ann = vault.users.create("carl") and store(vault, 1, "A9", "new")
        assert vault.grants.tokens(ann.id) == tokens("new")
        (first,) = vault.grants.stores_of(1, "A3")
        assert vault.grants.tokens(first.id) == tokens("ann3")


def test_an_interrupted_copy_is_taken_up_again(
    source: Vault,
    target: Database,
    settings: Settings,
    clock: SteppingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What changed, came or went since is as it is now; until then no gateway opens the half."""
    monkeypatch.setattr(copying, "BATCH", 3)
    with monkeypatch.context() as patched:
        patched.setattr(copying, "_compare", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            copy_vault(source.database, target)
    with pytest.raises(VaultError, match="unfinished copy"):
        opened(settings, target, clock)
    source.grants.remove_store(1, "A0", "NA")
    store(source, 2, "A8", "later")
    with source.database.writing() as connection:
        connection.execute(update(grants).where(grants.c.seller_id == "A5").values(name="Renamed"))
    copy_vault(source.database, target)
    assert content(target) == content(source.database)


def test_a_target_that_holds_a_vault_is_refused(
    source: Vault, target: Database, settings: Settings, clock: SteppingClock, tmp_path: Path
) -> None:
    """Neither another vault nor a finished copy, which somebody may have used, is overwritten."""
    other = replace(settings, data_dir=tmp_path / "other")
    other.data_dir.mkdir()
    with opened(other, target, clock) as vault:
        vault.users.create("zoe")
        before = content(target)
    with pytest.raises(VaultError, match="another vault"):
        copy_vault(source.database, target)
    assert content(target) == before


def test_a_finished_copy_is_not_made_again(source: Vault, target: Database) -> None:
    """It may have been used since."""
    copy_vault(source.database, target)
    with pytest.raises(VaultError, match="this vault already"):
        copy_vault(source.database, target)


def test_a_copy_that_differs_is_noticed(
    source: Vault, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that the target changed by itself fails the comparison, and the mark stays."""
    real = copying._remove_others

    def meddle(ours: Database, theirs: Database, table: object) -> None:
        real(ours, theirs, table)  # type: ignore[arg-type]
        if table is audit:
            with theirs.writing() as connection:
                connection.execute(insert(audit).values(id=10**9, at=1, who="x", action="x", outcome="ok"))

    monkeypatch.setattr(copying, "_remove_others", meddle)
    with pytest.raises(VaultError, match="audit differs"):
        copy_vault(source.database, target)
    with target.reading() as connection:
        names = connection.execute(text("SELECT name FROM vault_facts")).scalars().all()
    assert names == ["unfinished_copy_of"]


def test_no_vault_no_copy(target: Database, tmp_path: Path) -> None:
    """An empty source is said to be one, and nothing is made in the target."""
    empty = open_database(None, tmp_path / "vault.db")
    with pytest.raises(VaultError, match="no vault of this version"):
        copy_vault(empty, target)
    empty.close()
    with target.reading() as connection:
        assert connection.execute(text("SELECT to_regclass('grants')")).scalar() is None
