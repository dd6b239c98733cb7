"""How much each master key has sealed: counted, so that a new one is advised in time."""

import asyncio
import logging
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from gateway.jobs.reminders import Reminder
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.database.tables import seals
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
