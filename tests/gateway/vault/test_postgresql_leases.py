"""Leases from an event loop on PostgreSQL: what they store, and what they leave to the ordinary ones."""

import asyncio

import pytest
from sqlalchemy import insert

from gateway.model import Grant, Lease, Tokens
from gateway.util.secret import Secret
from gateway.vault.database.tables import vault_facts
from gateway.vault.postgresql_leases import PostgresqlLeases
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.postgresql import PostgreSQL, as_setting
from tests.support.vaults import store, tokens


@pytest.fixture
def database_url(postgresql: PostgreSQL) -> Secret:
    """SQLite has none of this."""
    return as_setting(postgresql.migrated_database())


@pytest.fixture
def leases(vault: Vault) -> PostgresqlLeases:
    """What is tested, on a vault that has just looked for expired tokens, as most refreshes find it."""
    assert vault.postgresql_leases is not None
    return vault.postgresql_leases


@pytest.fixture
def grant(vault: Vault) -> Grant:
    """A store with tokens."""
    return store(vault, vault.users.create("ann"), label="held")


def take(leases: PostgresqlLeases, grant: Grant, owner: str = "me", milliseconds: int = 60_000) -> Lease:
    """Take a lease that is free."""
    leased = asyncio.run(leases.take_with_tokens(grant.id, owner, milliseconds))
    assert leased is not None
    return leased[0]


def is_stored(leases: PostgresqlLeases, lease: Lease, version: int, refreshed: Tokens) -> bool:
    """Whether tokens were stored."""
    return asyncio.run(leases.store_refresh(lease, version, refreshed))


def test_a_lease_shows_what_the_grant_holds(vault: Vault, leases: PostgresqlLeases, grant: Grant) -> None:
    """As it is at that moment, and to one owner at a time, whoever asks in whichever way."""
    leased = asyncio.run(leases.take_with_tokens(grant.id, "me", 60_000))
    assert leased is not None
    lease, found, held = leased
    assert (lease.grant_id, lease.owner) == (grant.id, "me")
    assert (found, held) == vault.grants.with_tokens(grant.id)
    assert asyncio.run(leases.take_with_tokens(grant.id, "you", 60_000)) is None
    assert vault.leases.take(grant.id, "you", 60_000) is None
    assert asyncio.run(leases.take_with_tokens(1, "me", 60_000)) is None


def test_what_is_stored_is_what_the_ordinary_way_stores(
    vault: Vault, leases: PostgresqlLeases, grant: Grant, clock: SteppingClock
) -> None:
    """In every column; the lease has ended, and the token is known as issued."""
    both = []
    clock.step(1000)
    for way in (vault.leases.store_refresh, lambda *what: is_stored(leases, *what)):
        before = vault.grants.get(grant.id)
        assert before is not None
        assert way(take(leases, grant), before.token_version, tokens("next"))
        after = vault.grants.with_tokens(grant.id)
        assert after is not None
        assert after[0].token_version == before.token_version + 1
        both.append((after[0]._replace(token_version=0), after[1]))
    assert both[0] == both[1]
    assert both[0][0].refreshed_at == int(clock.now())
    assert asyncio.run(vault.reader.grant_of(grant.user_id, "spapi", tokens("next").access_token)) is not None
    assert vault.leases.take(grant.id, "you", 60_000) is not None


def test_scopes_stay_where_a_refresh_names_none(vault: Vault, leases: PostgresqlLeases, grant: Grant) -> None:
    """As they do in the ordinary way."""
    seen = []
    for version, scopes in enumerate([("a", "b"), None, ()]):
        assert is_stored(leases, take(leases, grant), version, tokens("next", scopes=scopes))
        seen.append(vault.grants.get(grant.id).granted_scopes)  # type: ignore[union-attr]
    assert seen == [("a", "b"), ("a", "b"), ()]


def test_whoever_was_paused_past_the_lease_stores_nothing(
    vault: Vault, leases: PostgresqlLeases, grant: Grant
) -> None:
    """Nor does who has seen an older version; neither token counts as issued."""
    paused = take(leases, grant, "paused", -1)
    taken = take(leases, grant, "other")
    version = grant.token_version
    assert not is_stored(leases, paused, version, tokens("stale"))
    assert not is_stored(leases, taken, version - 1, tokens("stale"))
    assert asyncio.run(vault.reader.grant_of(grant.user_id, "spapi", tokens("stale").access_token)) is None
    assert is_stored(leases, taken, version, tokens("fresh"))
    assert vault.grants.tokens(grant.id) == tokens("fresh")


@pytest.mark.parametrize("fact", ["next_master_key_id", "master_key_id"])
def test_with_a_key_that_is_not_in_force_nothing_is_stored(
    vault: Vault, leases: PostgresqlLeases, grant: Grant, fact: str
) -> None:
    """While the key changes, and after it has changed behind this process's back."""
    lease = take(leases, grant)
    with vault.database.writing() as connection:
        if fact == "master_key_id":
            connection.execute(vault_facts.delete().where(vault_facts.c.name == fact))
        connection.execute(insert(vault_facts).values(name=fact, value="ffffffffffffffff"))
    assert not is_stored(leases, lease, grant.token_version, tokens("next"))


def test_expired_tokens_are_left_to_the_ordinary_way(
    vault: Vault, leases: PostgresqlLeases, grant: Grant, clock: SteppingClock
) -> None:
    """Which forgets them whenever it is time to."""
    lease = take(leases, grant)
    clock.step(100)
    assert not is_stored(leases, lease, grant.token_version, tokens("next"))
    assert vault.leases.store_refresh(lease, grant.token_version, tokens("next"))
    lease = take(leases, grant)
    assert is_stored(leases, lease, grant.token_version + 1, tokens("after"))
