"""Whether a database takes writes is learned from one that was refused and from a probe, on both."""

import logging

import pytest
from sqlalchemy import event

from gateway.vault.database.engine import Database
from gateway.vault.errors import Unreachable, Unwritable
from gateway.vault.keys.facts import Facts
from gateway.vault.vault import Vault
from tests.support.vaults import read_only


def test_a_refused_write_is_remembered_until_one_goes_through(
    vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says both, once."""
    writes = vault.database.writes
    assert writes.refused is None
    with read_only(vault.database):
        for name in ("ann", "bob"):
            with pytest.raises(Unwritable):
                vault.users.create(name)
            assert writes.refused
        vault.database.probe_writes()
        assert writes.refused
    assert vault.users.create("carl")
    assert writes.refused, "a small write may find room where others do not"
    vault.database.probe_writes()
    assert writes.refused is None
    words = [record.getMessage().split()[0] for record in caplog.records if record.levelno > logging.INFO]
    assert words == ["cannot_write", "can_write_again"]


def test_a_probe_finds_out_where_nobody_writes(vault: Vault) -> None:
    """And leaves nothing behind."""
    with vault.database.reading() as connection:
        before = Facts.read(connection)
    with read_only(vault.database):
        vault.database.probe_writes()
        assert vault.database.writes.refused
    vault.database.probe_writes()
    with vault.database.reading() as connection:
        assert Facts.read(connection) == before


def test_a_probe_of_a_database_that_is_away_tells_nothing_of_its_writes(vault: Vault) -> None:
    """So a gateway is ready again as soon as it is back, and not with the next probe."""

    def is_away(_connection: object) -> None:
        raise Unreachable("the PostgreSQL does not answer: it is starting or stopping (57P03)", "Wait.")

    event.listen(vault.database.engine, "begin", is_away)
    with pytest.raises(Unreachable):
        vault.database.probe_writes()
    event.remove(vault.database.engine, "begin", is_away)
    assert vault.database.writes.refused is None


def full(database: Database) -> None:
    """Leave a SQLite no page more than it has."""

    @event.listens_for(database.engine, "begin")
    def _limit(connection: object) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()  # type: ignore[attr-defined]
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]


def test_a_full_disk_is_found_out_by_the_probe(vault: Vault) -> None:
    """It writes as much as a refresh, for which there may be no room where a word still finds some."""
    if not vault.database.is_sqlite:
        pytest.skip("a page limit is SQLite's")
    full(vault.database)
    vault.database.probe_writes()
    assert vault.database.writes.refused == "the disk of the data folder is full or fails"
