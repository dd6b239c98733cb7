"""Changing the master key of a vault in which something does not open: told, and no obstacle."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.settings.settings import Settings
from gateway.vault.database.tables import grants, vault_facts
from gateway.vault.errors import SealBroken
from gateway.vault.maintenance import rotation
from gateway.vault.maintenance.backup import back_up
from gateway.vault.vault import Vault, open_vault
from tests.gateway.vault.maintenance.test_rotation import NEW, NEW_TEXT, key_ids, many, rotate
from tests.support.clock import SteppingClock
from tests.support.vaults import account, store, tokens

COLUMNS = ("access_token_sealed", "refresh_token_sealed")
# Of a sealed value: its version, a digit of its key's id, and its last byte, which is of the tag.
FLIPPED = [0, 3, -1]


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def damage(vault: Vault, grant_id: int, column: str, place: int = -1) -> None:
    """Flip one bit of a sealed token."""
    with vault.database.writing() as connection:
        which = grants.c.id == grant_id
        sealed = bytearray(connection.execute(select(grants.c[column]).where(which)).scalar_one())
        sealed[place] ^= 1
        connection.execute(update(grants).where(which).values({column: bytes(sealed)}))


@pytest.mark.parametrize("place", FLIPPED)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_damaged_token_is_told_and_the_change_goes_on(
    vault: Vault, settings: Settings, user: int, monkeypatch: pytest.MonkeyPatch, column: str, place: int
) -> None:
    """Its store has to be authorized again; the others, before and after it, lose nothing."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    ids = many(vault, user, 5)
    damaged = sorted(ids)[2]
    damage(vault, damaged, column, place)
    rotated = rotate(vault, settings)
    grant = vault.grants.get(damaged)
    assert grant is not None
    assert rotated.damaged == [grant]
    assert (grant.status, grant.status_reason) == ("needs_reauthorization", "tokens_damaged")
    assert rotated.resealed == 4
    assert key_ids(vault) == {NEW.id}
    for number, grant_id in enumerate(ids):
        if grant_id != damaged:
            assert vault.grants.tokens(grant_id) == tokens(f"label{number}")


def test_a_token_that_was_copied_from_another_store_is_as_damaged(
    vault: Vault, settings: Settings, user: int
) -> None:
    """It was sealed for its place, so it is nobody's here."""
    first, second = many(vault, user, 2)
    with vault.database.writing() as connection:
        copied = select(grants.c.access_token_sealed).where(grants.c.id == second).scalar_subquery()
        connection.execute(update(grants).where(grants.c.id == first).values(access_token_sealed=copied))
    assert [grant.id for grant in rotate(vault, settings).damaged] == [first]


def test_it_is_in_the_audit_and_a_notice_is_sent(
    vault: Vault, settings: Settings, user: int, clock: SteppingClock
) -> None:
    """Once: a change that is run again finds nothing more to tell."""
    damage(vault, account(vault, user, "Brand").id, "access_token_sealed")
    rotate(vault, settings)
    told = [(each.action, each.subject, each.outcome) for each in vault.audit.newest(3)[0]]
    assert ("needs_reauthorization", "Brand", "tokens_damaged") in told
    with open_vault(replace(settings, master_key=NEW_TEXT), clock) as again:
        third = rotation.MasterKey(b"t" * 32)
        assert rotate(again, replace(settings, master_key=NEW_TEXT), third).damaged == []


def test_authorizing_again_mends_it(
    vault: Vault, settings: Settings, user: int, clock: SteppingClock
) -> None:
    """Under the same number, with a gateway that has learned the new key."""
    grant = store(vault, user)
    damage(vault, grant.id, "refresh_token_sealed")
    rotate(vault, settings)
    with open_vault(replace(settings, master_key=NEW_TEXT), clock) as again:
        renewed = store(again, user, label="second")
        assert (renewed.id, renewed.status, renewed.status_reason) == (grant.id, "authorized", None)
        assert again.grants.tokens(grant.id) == tokens("second")


def test_what_amazon_answered_meanwhile_mends_it(vault: Vault, settings: Settings, user: int) -> None:
    """A refresh that was under way had read the token while it was whole."""
    grant = store(vault, user)
    lease = vault.leases.take(grant.id, "w", 60_000)
    assert lease is not None
    damage(vault, grant.id, "access_token_sealed")
    rotate(vault, settings)
    assert vault.leases.store_refresh(lease, grant.token_version, tokens("second"))
    mended = vault.grants.get(grant.id)
    assert mended is not None
    assert (mended.status, mended.status_reason) == ("authorized", None)


def test_what_was_authorized_again_in_between_is_left_alone(
    vault: Vault, settings: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading a damaged row and marking it, it was replaced."""
    grant = store(vault, user)
    damage(vault, grant.id, "access_token_sealed")
    read_rows = rotation._older
    replaced: list[int] = []

    def read_and_replace(*arguments: object) -> object:
        rows = read_rows(*arguments)  # type: ignore[arg-type]
        if not replaced:
            replaced.append(store(vault, user, label="second").id)
        return rows

    monkeypatch.setattr(rotation, "_older", read_and_replace)
    assert rotate(vault, settings).damaged == []
    assert vault.grants.tokens(grant.id) == tokens("second")


def test_its_callers_are_told_what_to_do(
    vault: Vault, settings: Settings, user: int, clock: SteppingClock
) -> None:
    """A read brings the grant with its mark, instead of failing as the vault's fault."""
    grant = store(vault, user)
    _, key = vault.users.issue_key("ann")
    damage(vault, grant.id, "access_token_sealed")
    with pytest.raises(SealBroken, match=f"grants.access_token of {grant.id}") as broken:
        asyncio.run(vault.reader.by_store(key.reveal(), "A1", "NA"))
    assert "or authorize it again" in broken.value.hint
    rotate(vault, settings)
    read = asyncio.run(vault.reader.by_store(key.reveal(), "A1", "NA"))
    assert read is not None
    assert read.grant is not None
    assert read.grant.status_reason == "tokens_damaged"


@pytest.mark.parametrize("name", ["handed_out_key", "key_check"])
def test_a_fact_that_does_not_open_is_named(
    vault: Vault, settings: Settings, clock: SteppingClock, name: str
) -> None:
    """No store's mark could tell of it: the vault is refused, before anything is changed."""
    with vault.database.writing() as connection:
        which = vault_facts.c.name == name
        value = connection.execute(select(vault_facts.c.value).where(which)).scalar_one()
        flipped = value[:-1] + ("0" if value[-1] != "0" else "1")
        connection.execute(update(vault_facts).where(which).values(value=flipped))
    with pytest.raises(SealBroken, match=f"vault_facts.value of {name}") as broken:
        open_vault(settings, clock)
    assert broken.value.hint == "Restore the database from a backup."


class TestBackups:
    """Copies of a vault in which something was damaged."""

    def test_one_can_be_made_afterwards(
        self, vault: Vault, settings: Settings, clock: SteppingClock, user: int, tmp_path: Path
    ) -> None:
        """The change came to its end, so the copy needs one key."""
        ids = many(vault, user, 2)
        damage(vault, ids[0], "access_token_sealed")
        rotate(vault, settings)
        copies = tmp_path / "copies"
        copies.mkdir()
        back_up(vault, copies / "vault.db")
        with open_vault(
            replace(settings, data_dir=copies, database_url=None, master_key=NEW_TEXT), clock
        ) as copy:
            assert copy.grants.tokens(ids[1]) == tokens("label1")
