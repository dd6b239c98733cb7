"""A PostgreSQL that is late is waited for, for so long and saying so; nothing else is."""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.database import migration
from gateway.vault.database.engine import open_database
from gateway.vault.errors import Unreachable, VaultError
from gateway.vault.waiting import open_when_it_answers, place_of
from tests.support.clock import SteppingClock
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import MASTER_KEY


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose PostgreSQL does not run."""
    url = Secret("postgresql+psycopg://user:canary@127.0.0.1:1/gateway")
    return Settings(
        data_dir=tmp_path, sandbox=True, database_url=url, master_key=MASTER_KEY, database_wait=40
    )


def waits(settings: Settings, pause: Callable[[float], object] | None = None) -> None:
    """Open the vault by a clock that goes on only while it is waited, and close it."""
    clock = SteppingClock()

    def paused(seconds: float) -> None:
        clock.step(seconds)
        if pause is not None:
            pause(seconds)

    open_when_it_answers(settings, clock, pause=paused, monotonic=clock.now).close()


def test_it_is_waited_for_as_long_as_the_setting_says(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Told at once and every 15 seconds; in the end what was waited for, where and how long."""
    caplog.set_level(logging.INFO)
    with pytest.raises(Unreachable, match="nobody listens there; it was waited for") as ended:
        waits(settings)
    assert "at 127.0.0.1:" in ended.value.message
    assert "for 40 seconds (GATEWAY_DATABASE_WAIT_SECONDS)" in ended.value.message
    assert (ended.value.code, ended.value.retryable) == ("gateway_failed", True)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        'database_awaited host=127.0.0.1:1 error="the PostgreSQL does not answer: nobody listens there" '
        f"seconds={seconds} most=40"
        for seconds in (0, 15, 30)
    ]
    assert "canary" not in "".join(said) + str(ended.value)


def test_one_that_comes_meanwhile_is_opened(
    settings: Settings, postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, too, after how long."""
    caplog.set_level(logging.INFO)
    there = as_setting(postgresql.migrated_database())

    def start_it(_seconds: float) -> None:
        object.__setattr__(settings, "database_url", there)

    waits(settings, start_it)
    assert caplog.records[-1].getMessage() == "database_answers seconds=1"


@pytest.mark.parametrize("wait", [0, 40])
def test_what_does_not_pass_is_told_at_once(settings: Settings, postgresql: PostgreSQL, wait: int) -> None:
    """A database that there is not, however long one waits; and one that is away, where nobody waits."""
    address = postgresql.address.replace("/postgres?", "/nowhere?")
    if wait:
        settings = replace(settings, database_url=as_setting(address))
    with pytest.raises(VaultError, match="no such database" if wait else "nobody listens there"):
        waits(replace(settings, database_wait=wait), lambda _seconds: pytest.fail("it was waited"))


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("postgresql+psycopg://anna:canary@db.example/gateway", "db.example:5432"),
        ("postgresql+psycopg://anna@[::1]:6432/gateway", "::1:6432"),
        ("postgresql+psycopg://anna@/gateway?host=/run/postgresql", "/run/postgresql"),
        ("postgresql+psycopg://anna@/gateway?host=a&host=b", "a,b:5432"),
    ],
)
def test_where_it_is_looked_for_is_told_without_a_password(address: str, place: str) -> None:
    """As the address names it."""
    assert place_of(Secret(address)) == place


def test_another_gateway_s_migration_is_waited_for(
    postgresql: PostgreSQL, caplog: pytest.LogCaptureFixture
) -> None:
    """However long it takes; and it is said, once."""
    database = open_database(as_setting(postgresql.migrated_database()), Path())
    with closing(database), database.writing() as other, database.writing() as connection:
        migration.take_migration_lock(other)
        migration.take_migration_lock(connection, lambda _seconds: other.execute(text("ROLLBACK")))
    assert [record.getMessage() for record in caplog.records] == ["migration_awaited seconds=0"]
