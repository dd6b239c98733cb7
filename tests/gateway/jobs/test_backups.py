"""Backups that the gateway makes by itself: when they are due, one at a time, and told where they fail."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from gateway.jobs.backups import BackupMaker
from gateway.settings.backups import BackupSchedule
from gateway.settings.settings import Settings
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import START, SteppingClock
from tests.support.gateway_server import Amazon, running_gateway
from tests.support.vaults import MASTER_KEY, lay_tables

HOUR = 3600


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that a test steps."""
    return SteppingClock()


@pytest.fixture
def vault(tmp_path: Path, clock: SteppingClock) -> Iterator[Vault]:
    """A SQLite vault."""
    lay_tables(tmp_path)
    with open_vault(Settings(data_dir=tmp_path, sandbox=True, master_key=MASTER_KEY), clock) as opened:
        yield opened


class Rounds:
    """Rounds of the job, one after the other."""

    def __init__(self, vault: Vault, clock: SteppingClock, schedule: BackupSchedule) -> None:
        self.folder = schedule.folder
        self._threads = Threads()
        self._job = BackupMaker(schedule, vault, clock, self._threads)

    def one(self) -> list[str]:
        """Let a round go by, and return what lies in the folder."""
        asyncio.run(self._job.round())
        return self.there()

    def there(self) -> list[str]:
        """What lies in the folder."""
        return sorted(path.name for path in self.folder.glob("*"))


@pytest.fixture
def rounds(vault: Vault, clock: SteppingClock, tmp_path: Path) -> Rounds:
    """Every six hours, and two stay."""
    return Rounds(vault, clock, BackupSchedule(tmp_path / "副本", 6 * HOUR, 2))


def test_one_is_made_when_it_is_due(
    rounds: Rounds, clock: SteppingClock, caplog: pytest.LogCaptureFixture
) -> None:
    """At once where there is none, then after the hours that were set, also after a restart."""
    with caplog.at_level(logging.INFO):
        first = rounds.one()
    assert first == ["vault-20270115T080000Z.db"]
    assert f"backup_made file={rounds.folder / first[0]}" in caplog.text
    clock.step(6 * HOUR - 1)
    assert rounds.one() == first
    clock.step(1)
    assert rounds.one() == [*first, "vault-20270115T140000Z.db"]
    clock.step(6 * HOUR)
    assert rounds.one() == ["vault-20270115T140000Z.db", "vault-20270115T200000Z.db"]


def test_a_clock_that_was_ahead_does_not_hold_it_up(rounds: Rounds, clock: SteppingClock) -> None:
    """A copy from the future says nothing of today."""
    clock.step(300 * 24 * HOUR)
    ahead = rounds.one()
    clock.step(-300 * 24 * HOUR)
    assert rounds.one() == ["vault-20270115T080000Z.db", *ahead]


def test_workers_make_one(rounds: Rounds, vault: Vault) -> None:
    """Who finds another one at it leaves it to that."""
    assert vault.database.path is not None
    with FileLock(vault.database.path.with_name("backup.lock")):
        assert rounds.one() == []
    assert len(rounds.one()) == 1


def test_a_folder_that_cannot_be_written_is_told(rounds: Rounds) -> None:
    """The job's mechanism logs it and counts it; see test_schedule.py."""
    rounds.folder.touch()
    with pytest.raises(VaultError, match="cannot be made"):
        asyncio.run(rounds._job.round())


def test_the_age_of_the_newest_is_a_metric(amazon: Amazon, tmp_path: Path) -> None:
    """Of the gateway's own folder; without a schedule there is none."""
    schedule = BackupSchedule(tmp_path / "backups")
    schedule.folder.mkdir()
    an_hour_ago = datetime.fromtimestamp(START - HOUR, UTC)
    (schedule.folder / f"vault-{an_hour_ago:%Y%m%dT%H%M%SZ}.db").touch()
    for backups, told in ((schedule, True), (None, False)):
        data = tmp_path / str(told)
        data.mkdir(0o700)
        with running_gateway(amazon, data, backups=backups) as gateway:
            lines = gateway.get("/metrics").text.splitlines()
        assert ("linkfox_backup_age_seconds 3600.0" in lines) is told
