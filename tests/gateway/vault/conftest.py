"""Vaults for the tests: on SQLite, and on a real PostgreSQL that runs for the length of the session."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gateway.settings.settings import Settings
from gateway.util.backoff import Backoff
from gateway.util.secret import Secret
from gateway.vault import applications
from gateway.vault.vault import Vault, open_vault
from tests.support.postgresql import running_postgresql
from tests.support.vaults import MASTER_KEY, SteppedClock

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with running_postgresql() as server:
        yield server.address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Secret | None:
    """An empty database: None for SQLite, else the address of a new PostgreSQL database."""
    if request.param == "sqlite":
        return None
    address: str = request.getfixturevalue("postgresql")
    name = f"vault_{next(_numbers)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return Secret(
        address.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")
    )


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
def clock() -> SteppedClock:
    """A clock that stands still unless a test steps it."""
    return SteppedClock()


@pytest.fixture
def settings(tmp_path: Path, database_url: Secret | None) -> Settings:
    """Settings of a sandbox gateway with a master key of its own."""
    return Settings(
        data_dir=tmp_path,
        sandbox=True,
        database_url=database_url,
        master_key=MASTER_KEY,
        master_key_folder=tmp_path / "keys",
    )


@pytest.fixture
def open_another(settings: Settings, clock: SteppedClock) -> Iterator[Callable[[], Vault]]:
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
