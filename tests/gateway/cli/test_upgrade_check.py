"""What an upgrade would do, told from beside a gateway: right, and without changing anything."""

import argparse
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.cli import upgrade_check
from gateway.errors import OperatorError
from gateway.settings.settings import Settings
from gateway.util.clock import SystemClock
from gateway.util.secret import Secret
from gateway.util.version import version
from gateway.vault.database import migration
from gateway.vault.database.migration import COMPATIBLE_FROM
from gateway.vault.maintenance.backup import back_up
from gateway.vault.vault import DATABASE_FILE, open_vault
from tests.support.house import ROOT
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import MASTER_KEY

Check = Callable[[], dict[str, Any]]


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a real gateway whose vault there is, in either database."""
    url: Secret | None = None
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        address = server.migrated_database()
        monkeypatch.setenv("GATEWAY_DATABASE_URL", address)
        url = as_setting(address)
    monkeypatch.setenv("GATEWAY_MASTER_KEY", MASTER_KEY.reveal())
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    settings = Settings(data_dir=folder, database_url=url, master_key=MASTER_KEY)
    with open_vault(settings, SystemClock()) as vault:
        back_up(vault, tmp_path / "backup.db")
    return settings


@pytest.fixture
def check(settings: Settings) -> Check:
    """Run the command."""
    return lambda: upgrade_check.run(argparse.Namespace(data_dir=settings.data_dir, sandbox=False))


def go_back(settings: Settings, tables: str) -> None:
    """Let the tables be those of an older version, as far as the command looks at them."""
    with open_vault(settings, SystemClock()) as vault, vault.database.writing() as connection:
        connection.execute(text("UPDATE tables_version SET version_num = :v"), {"v": tables})


def test_where_nothing_changes(check: Check, settings: Settings) -> None:
    """Versions, key, size, the last backup; and that gateways can be put back."""
    found = check()
    assert (found["ok"], found["version"]) == (True, version())
    kind = "sqlite" if settings.database_url is None else "postgresql"
    assert found["database"]["kind"] == kind
    assert found["database"]["tables"] == found["database"]["newTables"] == migration.NEWEST
    assert found["database"]["bytes"] > 4096
    assert (found["steps"], found["olderCanStart"]) == ([], True)
    assert found["lastBackup"]["hoursAgo"] == 0
    assert found["neededKeyPlace"] == "GATEWAY_MASTER_KEY"
    assert re.search("can be replaced one after the other, and put back", " ".join(found["notes"]))


def test_the_steps_are_told(check: Check, settings: Settings) -> None:
    """What each is for, what it rewrites, whether older gateways can be started again; nothing is changed."""
    go_back(settings, "0019")
    for _ in range(2):
        found = check()
        assert (found["database"]["tables"], found["database"]["newTables"]) == ("0019", migration.NEWEST)
        assert found["steps"][0] == {
            "tables": "0020",
            "about": "Whom a web application sends through: where they return to, and the application's own "
            "id of each.",
            "rewrites": ["attempts"],
        }
        assert [step["tables"] for step in found["steps"][:3]] == ["0020", "0021", "0022"]
        assert found["olderCanStart"] is False
        notes = " ".join(found["notes"])
        assert "is refused" in notes
        if settings.database_url is None:
            assert found["copy"]["neededBytes"] < found["copy"]["freeBytes"]
            assert "copies vault.db" in notes
            assert sorted(path.name for path in settings.data_dir.glob("*.db")) == [DATABASE_FILE]
        else:
            assert "copy" not in found
            assert "backup --folder PATH` of the version that serves now" in notes


def test_compatible_steps_let_older_gateways_start(check: Check, settings: Settings) -> None:
    """As the new version says of its own tables."""
    go_back(settings, COMPATIBLE_FROM)
    found = check()
    assert found["olderCanStart"] is True
    assert "can be started again" in " ".join(found["notes"])


def test_what_is_in_the_way_is_named(
    check: Check, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer vault, no room for the copy, a wrong key: by an exit code, too."""
    if settings.database_url is None:
        go_back(settings, "0021")
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 0))
            with pytest.raises(OperatorError, match=r"and 0\.0 MB are free"):
                check()
    with monkeypatch.context() as changed:
        changed.setenv("GATEWAY_MASTER_KEY", MASTER_KEY.reveal()[::-1].replace("=", "") + "=")
        with pytest.raises(OperatorError, match="key") as refused:
            check()
        assert refused.value.code == "not_set_up"
    monkeypatch.setattr(migration, "NEWEST", "0003")
    with pytest.raises(OperatorError, match="newer gateway"):
        check()


def test_settings_that_the_new_version_does_not_know_are_named(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the nearest one that there is."""
    monkeypatch.setenv("GATEWAY_BACKUP_DAYS", "1")
    (doubtful,) = [each for each in check()["settings"] if each["setting"] == "GATEWAY_BACKUP_DAYS"]
    assert "GATEWAY_BACKUP_" in doubtful["remedy"]


def test_a_folder_without_a_vault_is_no_failure(tmp_path: Path) -> None:
    """And none is made."""
    found = upgrade_check.run(argparse.Namespace(data_dir=tmp_path, sandbox=False))
    assert "the first start makes one" in found["notes"][0]
    assert list(tmp_path.iterdir()) == []


def test_steps_say_what_they_rewrite() -> None:
    """Each has its sentence; one that updates rows names the table."""
    steps = migration.steps_after(None)
    assert steps[-1].tables == migration.NEWEST
    assert all(step.about.endswith(".") for step in steps)
    for step in steps:
        (file,) = migration.STEPS.glob(f"versions/{step.tables}_*.py")
        updated = set(re.findall(r'"UPDATE (\w+)', file.read_text(encoding="utf-8")))
        assert updated <= set(step.rewrites), file.relative_to(ROOT)
