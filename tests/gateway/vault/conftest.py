"""Vaults for the tests: on SQLite, and on a real PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.settings.settings import Settings
from gateway.util.backoff import Backoff
from gateway.util.secret import Secret
from gateway.vault import applications
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import MASTER_KEY, lay_tables


@pytest.fixture
def migrated() -> bool:
    """Whether the test's database has its tables already: those that are about making them say no."""
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, migrated: bool) -> Secret | None:
    """A database with nothing in it: None for SQLite, else the address of a new PostgreSQL database."""
    if request.param == "sqlite":
        return None
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return as_setting(server.migrated_database() if migrated else server.database())


@pytest.fixture
def long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of an application a thousand times as long.

    They go by the database's clock, which goes on: so no test is slow enough to see it.
    """
    assert Backoff(1, longest=60) == applications.PAUSES
    monkeypatch.setattr(applications, "PAUSES", Backoff(1000.0, longest=60_000.0))
    assert applications.LONGEST_ASKED_FOR == 300
    monkeypatch.setattr(applications, "LONGEST_ASKED_FOR", 300_000.0)


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that stands still unless a test steps it."""
    return SteppingClock()


@pytest.fixture
def settings(tmp_path: Path, database_url: Secret | None, migrated: bool) -> Settings:
    """Settings of a sandbox gateway with a master key of its own."""
    if migrated:
        lay_tables(tmp_path)
    return Settings(
        data_dir=tmp_path,
        sandbox=True,
        database_url=database_url,
        master_key=MASTER_KEY,
        master_key_folder=tmp_path / "keys",
    )


@pytest.fixture
def open_another(settings: Settings, clock: SteppingClock) -> Iterator[Callable[[], Vault]]:
    """Open the test's database, as another process of the same gateway would; all are closed at the end."""
    opened: list[Vault] = []

    def open_one() -> Vault:
        opened.append(open_vault(settings, clock))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def vault(open_another: Callable[[], Vault]) -> Vault:
    """An open vault on an empty database."""
    return open_another()
