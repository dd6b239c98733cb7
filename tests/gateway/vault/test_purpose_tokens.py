"""Tokens that were made for one purpose, on both databases: sealed, shared, and gone when they should be."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.authorizations import GrantGone
from gateway.vault.database.tables import purpose_tokens
from gateway.vault.keys.sealing import MasterKey
from gateway.vault.maintenance.rotation import rotate_master_key
from gateway.vault.purpose_tokens import CLAIM, LONGEST_LIFE, PurposeToken
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import store

ONE, OTHER = "1" * 64, "2" * 64


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def token(clock: SteppingClock, label: str = "first", life: int = LONGEST_LIFE) -> PurposeToken:
    """A token that lives for so many seconds."""
    return PurposeToken(Secret(f"Atz.sprdt|{label}"), int(clock.now()) + life)


def keep(vault: Vault, purpose: str, made: PurposeToken, grant_id: int | None = None) -> None:
    """Keep a token as whoever made it does."""
    assert vault.purpose_tokens.claim(purpose, grant_id, "me")
    vault.purpose_tokens.store(purpose, "me", made)


def purposes(vault: Vault) -> list[str]:
    """Of which there are rows."""
    with vault.database.reading() as connection:
        return list(connection.execute(select(purpose_tokens.c.purpose)).scalars())


def test_a_token_is_kept_for_its_life(
    vault: Vault, clock: SteppingClock, user: int, open_another: Callable[[], Vault]
) -> None:
    """Every process reads it, until it ends; no other purpose has it."""
    assert vault.purpose_tokens.read(ONE) is None
    made = token(clock)
    keep(vault, ONE, made, store(vault, user).id)
    assert open_another().purpose_tokens.read(ONE) == made
    assert vault.purpose_tokens.read(OTHER) is None
    clock.step(LONGEST_LIFE - 1)
    assert vault.purpose_tokens.read(ONE) == made
    clock.step(1)
    assert vault.purpose_tokens.read(ONE) is None


def test_what_has_ended_is_forgotten(vault: Vault, clock: SteppingClock) -> None:
    """When the next one is kept; what lives, and what somebody is making, stays."""
    keep(vault, ONE, token(clock, life=10))
    assert vault.purpose_tokens.claim(OTHER, None, "other")
    clock.step(10)
    keep(vault, "3" * 64, token(clock))
    assert sorted(purposes(vault)) == [OTHER, "3" * 64]


def test_one_process_makes_it(vault: Vault, clock: SteppingClock, open_another: Callable[[], Vault]) -> None:
    """The others do not, until it is stored or the claim is given back."""
    other = open_another()
    assert vault.purpose_tokens.claim(ONE, None, "me")
    assert not other.purpose_tokens.claim(ONE, None, "other")
    other.purpose_tokens.release(ONE, "other")
    assert not other.purpose_tokens.claim(ONE, None, "other")
    vault.purpose_tokens.release(ONE, "me")
    assert other.purpose_tokens.claim(ONE, None, "other")
    vault.purpose_tokens.store(ONE, "me", token(clock, "late"))
    assert vault.purpose_tokens.read(ONE) is None
    other.purpose_tokens.store(ONE, "other", token(clock, "second"))
    read = vault.purpose_tokens.read(ONE)
    assert read is not None
    assert read.token.reveal().endswith("second")
    assert vault.purpose_tokens.claim(ONE, None, "me")


def test_the_claim_of_a_killed_process_ends(vault: Vault) -> None:
    """By itself, and at once where nobody else can be at work."""
    assert vault.purpose_tokens.claim(ONE, None, "killed")
    with vault.database.writing() as connection:
        ended = purpose_tokens.c.claimed_ms - CLAIM - 1
        connection.execute(update(purpose_tokens).values(claimed_ms=ended))
    assert vault.purpose_tokens.claim(ONE, None, "me")
    vault.purpose_tokens.settle_interrupted()
    assert vault.purpose_tokens.claim(ONE, None, "other")


def test_a_token_goes_with_its_store(vault: Vault, clock: SteppingClock, user: int) -> None:
    """None is made for a store that is gone; the application's own stays."""
    kept = store(vault, user)
    keep(vault, ONE, token(clock), kept.id)
    keep(vault, OTHER, token(clock))
    assert vault.grants.remove_store(user, "A1", "NA")
    assert purposes(vault) == [OTHER]
    with pytest.raises(GrantGone):
        vault.purpose_tokens.claim(ONE, kept.id, "me")


def test_a_token_is_sealed_in_its_place(vault: Vault, clock: SteppingClock) -> None:
    """It is not readable in the database, and does not open for another purpose."""
    keep(vault, ONE, token(clock, "first"))
    keep(vault, OTHER, token(clock, "second"))
    with vault.database.writing() as connection:
        rows = dict(connection.execute(select(purpose_tokens.c.purpose, purpose_tokens.c.token_sealed)).all())
        assert not any(b"sprdt" in bytes(sealed) for sealed in rows.values())
        moved = update(purpose_tokens).where(purpose_tokens.c.purpose == ONE)
        connection.execute(moved.values(token_sealed=rows[OTHER]))
    assert vault.purpose_tokens.read(ONE) is None
    assert vault.purpose_tokens.read(OTHER) is not None


def test_a_clock_that_was_wrong_blocks_nothing(vault: Vault, clock: SteppingClock) -> None:
    """A token that seems to live for longer than one can is made anew."""
    clock.step(100_000)
    keep(vault, ONE, token(clock))
    clock.step(-100_000)
    assert vault.purpose_tokens.read(ONE) is None
    keep(vault, ONE, token(clock, life=10 * LONGEST_LIFE))
    assert vault.purpose_tokens.read(ONE) is not None
    clock.step(LONGEST_LIFE)
    assert vault.purpose_tokens.read(ONE) is None


def test_a_change_of_the_master_key_leaves_none_that_the_old_one_sealed(
    vault: Vault, settings: Settings, clock: SteppingClock, user: int
) -> None:
    """Those are made anew; what was made meanwhile stays."""
    kept = store(vault, user)
    keep(vault, ONE, token(clock), kept.id)
    rotate_master_key(
        vault, settings, MasterKey(b"n" * 32), sleep=lambda _: keep(vault, OTHER, token(clock), kept.id)
    )
    assert purposes(vault) == [OTHER]
    assert vault.purpose_tokens.read(OTHER) is not None
