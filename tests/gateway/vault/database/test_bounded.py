"""A PostgreSQL that takes a statement and does not answer is given up, and asked again later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.vault.database import bounded
from gateway.vault.database.engine import Database, open_database
from gateway.vault.errors import VaultError
from tests.support.postgresql import PostgreSQL, as_setting

NEVER = text("SELECT pg_sleep(3600)")


def database(postgresql: PostgreSQL, *, patient: bool = False) -> Database:
    """The database that every server has."""
    return open_database(as_setting(postgresql.address), Path(), patient=patient)


@pytest.fixture
def impatient(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database that is given less time than it would need."""
    monkeypatch.setattr(bounded, "SECONDS", 0.5)
    opened = database(postgresql)
    yield opened
    opened.close()


def test_an_answer_that_does_not_come_is_given_up(impatient: Database) -> None:
    """As a lost connection is: the caller may come again, and the next statement is answered."""
    for opening in (impatient.reading, impatient.changing, impatient.writing):
        with pytest.raises(VaultError, match="does not answer") as refused, opening() as connection:
            connection.execute(NEVER)
        assert refused.value.retryable
        with opening() as connection:
            assert connection.execute(text("SELECT 7")).scalar() == 7


def test_after_one_that_did_not_come_there_is_less_patience(
    impatient: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until an answer comes: nobody waits the whole time again for a server that is down."""
    with pytest.raises(VaultError), impatient.reading() as connection:
        connection.execute(NEVER)
    monkeypatch.setattr(bounded, "SECONDS", 3600)
    monkeypatch.setattr(bounded, "SECONDS_AFTER_A_FAILURE", 0.5)
    # It has no connection left to the server, which takes a new one and does not answer on it.
    with pytest.raises(VaultError), impatient.reading() as connection:
        connection.execute(NEVER)


def test_work_on_whole_tables_may_take_its_time(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration or a copy is not broken off."""
    monkeypatch.setattr(bounded, "SECONDS", 0.0)
    opened = database(postgresql, patient=True)
    with opened.writing() as connection:
        assert connection.execute(text("SELECT pg_sleep(0.5) IS NULL")).scalar() is False
    opened.close()
