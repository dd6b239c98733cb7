"""How much each master key has sealed: counted, so that a new one is advised in time."""

import asyncio
import logging
import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NoReturn

import pytest
from sqlalchemy import Connection, select, update

from gateway.jobs.reminders import Reminder
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.database.tables import seals
from gateway.vault.errors import VaultError
from gateway.vault.keys.sealing import MANY_SEALS
from gateway.vault.vault import Vault, open_vault
from tests.gateway.vault.maintenance.test_rotation import NEW, NEW_TEXT, rotate
from tests.support.clock import SteppingClock
from tests.support.vaults import store, tokens


def counted(vault: Vault) -> dict[str, int]:
    """The counts of all keys."""
    with vault.database.reading() as connection:
        rows = connection.execute(select(seals.c.key_id, seals.c.count))
        return {row.key_id: row[1] for row in rows}


def recorded(vault: Vault) -> int:
    """The count of the key in force, with what this process has sealed."""
    vault.keys.record_seals()
    return vault.keys.seals()


def test_each_sealed_value_is_counted(vault: Vault) -> None:
    """Two for a new store and for a refresh, one for what does not go into the database."""
    before = recorded(vault)
    grant = store(vault, vault.users.create("ann"))
    assert recorded(vault) == before + 2
    lease = vault.leases.take(grant.id, "w", 60_000)
    assert lease is not None
    vault.leases.store_refresh(lease, grant.token_version, tokens("second"))
    assert recorded(vault) == before + 4
    vault.keys.seal(Secret("x"), "a page", 1, "state")
    vault.grants.tokens(grant.id)
    assert recorded(vault) == before + 5
    assert recorded(vault) == before + 5


def test_another_process_adds_to_the_same_count_and_records_what_is_left_at_its_end(
    vault: Vault, settings: Settings, clock: SteppingClock
) -> None:
    """A count is of the vault, not of a process."""
    user = vault.users.create("ann")
    before = recorded(vault)
    with open_vault(settings, clock) as other:
        store(other, user)
    assert vault.keys.seals() == before + 2


def test_a_new_key_begins_anew(vault: Vault, settings: Settings, clock: SteppingClock) -> None:
    """And the count of the former one stays with it."""
    user = vault.users.create("ann")
    for number in range(3):
        store(vault, user, f"A{number}")
    before = recorded(vault)
    rotate(vault, settings)
    vault.keys.record_seals()
    assert counted(vault)[vault.master_key.key.id] >= before
    # The tokens, and two facts of the vault.
    assert vault.keys.seals() == counted(vault)[NEW.id] == 6 + 2
    with open_vault(replace(settings, master_key=NEW_TEXT), clock) as again:
        assert again.keys.seals() == 6 + 2


def test_a_new_key_can_be_learned_while_counts_are_written(
    vault: Vault, settings: Settings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a writer who has to learn it would wait for the counts, and those for that writer."""
    store(vault, vault.users.create("ann"))
    with open_vault(settings, clock) as other:
        rotate(other, settings)
    writing = vault.database.writing

    def writing_after_another() -> AbstractContextManager[Connection]:
        monkeypatch.setattr(vault.database, "writing", writing)
        learner = threading.Thread(target=vault.keys.learn, daemon=True)
        learner.start()
        learner.join(5)
        assert not learner.is_alive()
        return writing()

    monkeypatch.setattr(vault.database, "writing", writing_after_another)
    vault.keys.record_seals()
    assert vault.keys.sealer.key_id == NEW.id


def test_what_could_not_be_counted_is_counted_later(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away takes nothing from the counts."""
    before = recorded(vault)
    store(vault, vault.users.create("ann"))
    with monkeypatch.context() as away:
        away.setattr(vault.database, "writing", _away)
        with pytest.raises(VaultError):
            vault.keys.record_seals()
    assert recorded(vault) == before + 2


def _away() -> NoReturn:
    raise VaultError("the PostgreSQL does not answer", "Check that it runs.", retryable=True)


@pytest.mark.parametrize(("count", "lines"), [(MANY_SEALS - 1, 0), (MANY_SEALS, 1)])
def test_a_new_key_is_advised_long_before_it_is_needed(
    vault: Vault,
    settings: Settings,
    clock: SteppingClock,
    caplog: pytest.LogCaptureFixture,
    count: int,
    lines: int,
) -> None:
    """Once a day, from half of what one key is to seal."""
    store(vault, vault.users.create("ann"))
    vault.keys.record_seals()
    with vault.database.writing() as connection:
        connection.execute(update(seals).values(count=count))
    threads = Threads()
    reminder = Reminder(settings, vault, clock, threads)

    def told() -> int:
        return sum("master_key_worn" in record.getMessage() for record in caplog.records)

    with caplog.at_level(logging.WARNING):
        asyncio.run(reminder.round())
        asyncio.run(reminder.round())
        assert told() == lines
        clock.step(86_400)
        asyncio.run(reminder.round())
        assert told() == 2 * lines
    threads.close()
