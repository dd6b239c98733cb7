"""A change of the master key and those who saw nothing of it: they come to the new key, for a while."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.settings.settings import Settings
from gateway.util import keyring
from gateway.vault.database.tables import vault_facts
from gateway.vault.errors import VaultError
from gateway.vault.keys.facts import HANDOVER_SECONDS
from gateway.vault.keys.sealing import MasterKey
from gateway.vault.maintenance.backup import back_up
from gateway.vault.vault import Vault, open_vault
from tests.gateway.vault.maintenance.test_rotation import NEW, NEW_TEXT, key_ids, rotate
from tests.support.clock import SteppingClock
from tests.support.vaults import store, tokens


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def handed_over(vault: Vault) -> bool:
    """Whether the former key still leads to the one in force."""
    with vault.database.reading() as connection:
        names = connection.execute(select(vault_facts.c.name)).scalars().all()
    return "handed_over_master_key" in names


def test_a_process_that_slept_through_the_change_goes_on(
    vault: Vault, settings: Settings, user: int, open_another: Callable[[], Vault]
) -> None:
    """Stopped from before the announcement until after the end, with what Amazon answered in its hand."""
    kept = store(vault, user)
    paused, reading = open_another(), open_another()
    _, key = vault.users.issue_key("ann")
    lease = paused.leases.take(kept.id, "w", 60_000)
    assert lease is not None
    rotate(vault, settings)
    read = asyncio.run(reading.reader.by_store(key.reveal(), "A1", "NA"))
    assert read is not None
    assert read.tokens == tokens()
    assert paused.leases.store_refresh(lease, kept.token_version, tokens("second"))
    assert paused.grants.tokens(kept.id) == tokens("second")
    assert key_ids(vault) == {NEW.id}


def test_after_some_minutes_the_former_key_leads_nowhere(
    vault: Vault, settings: Settings, clock: SteppingClock, user: int, open_another: Callable[[], Vault]
) -> None:
    """Whichever process looks then ends it; who still sleeps is told which key it wants, and harms none."""
    kept = store(vault, user)
    paused = open_another()
    lease = paused.leases.take(kept.id, "w", 60_000)
    assert lease is not None
    rotate(vault, settings)
    clock.step(HANDOVER_SECONDS - 1)
    vault.keys.learn()
    assert handed_over(vault)
    clock.step(1)
    vault.keys.learn()
    assert not handed_over(vault)
    with pytest.raises(VaultError, match=f"wants the master key {NEW.id}"):
        paused.grants.tokens(kept.id)
    with pytest.raises(VaultError, match=f"wants the master key {NEW.id}"):
        paused.leases.store_refresh(lease, kept.token_version, tokens("second"))
    assert vault.grants.tokens(kept.id) == tokens()


def test_a_clock_that_was_set_back_does_not_prolong_it(
    vault: Vault, settings: Settings, clock: SteppingClock
) -> None:
    """By hours; a second or two is what clocks of machines differ."""
    rotate(vault, settings)
    clock.step(-2)
    vault.keys.learn()
    assert handed_over(vault)
    clock.step(-HANDOVER_SECONDS)
    vault.keys.learn()
    assert not handed_over(vault)


def test_a_start_with_the_former_key_is_refused_all_the_same(
    vault: Vault, settings: Settings, clock: SteppingClock
) -> None:
    """So that nobody forgets to set the new one."""
    rotate(vault, settings)
    assert handed_over(vault)
    with pytest.raises(VaultError, match=f"wants the master key {NEW.id}"):
        open_vault(settings, clock)


def test_the_next_change_takes_its_place(
    vault: Vault, settings: Settings, clock: SteppingClock, user: int, open_another: Callable[[], Vault]
) -> None:
    """What slept through the second change alone goes on: the end of the first one's time ends nothing."""
    kept = store(vault, user)
    rotate(vault, settings)
    other = replace(settings, master_key=NEW_TEXT)
    with open_vault(other, clock) as paused, open_vault(other, clock) as operator:
        clock.step(HANDOVER_SECONDS - 1)
        rotate(operator, other, MasterKey(b"t" * 32))
        clock.step(1)
        vault.keys.learn()
        assert paused.grants.tokens(kept.id) == tokens()


def test_a_key_that_the_gateway_keeps_needs_none(
    settings: Settings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who slept brings it from where it is kept, and no key is left in the database."""

    def no_keyring(*_: object) -> None:
        raise keyring.KeyringUnavailable("there is none")

    monkeypatch.setattr(keyring, "write", no_keyring)
    alone = replace(settings, master_key=None)
    with open_vault(alone, clock) as vault, open_vault(alone, clock) as paused:
        kept = store(vault, vault.users.create("ann"))
        rotate(vault, alone, None)
        assert not handed_over(vault)
        assert paused.grants.tokens(kept.id) == tokens()


class TestBackups:
    """Copies of a SQLite vault."""

    @pytest.fixture
    def database_url(self) -> None:
        """SQLite alone: what is looked for is looked for in its files."""
        return

    def test_the_former_key_does_not_open_a_copy(
        self, vault: Vault, settings: Settings, tmp_path: Path
    ) -> None:
        """Not even one that is made the moment after the change."""
        rotate(vault, settings)
        with vault.database.reading() as connection:
            which = vault_facts.c.name == "handed_over_master_key"
            sealed = connection.execute(select(vault_facts.c.value).where(which)).scalar_one()
        path = tmp_path / "copy.db"
        back_up(vault, path)
        assert sealed.encode() not in path.read_bytes()
        assert vault.database.path is not None
        assert sealed.encode() in b"".join(
            file.read_bytes() for file in vault.database.path.parent.glob("vault.db*")
        )
        with sqlite3.connect(path) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
