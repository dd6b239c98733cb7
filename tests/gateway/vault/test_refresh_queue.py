"""Which grants are due, and that replicas share them: the same on SQLite and PostgreSQL."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import update

from gateway.vault.applications import AppKey
from gateway.vault.database.tables import grants
from gateway.vault.grant_rows import REFRESH_JITTER
from gateway.vault.refresh_queue import LEAST_AGE, MARGIN
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import account, store

HOUR = 3600
DAY = 24 * HOUR
LIFE = 3600  # of the tokens that the helpers make


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def claim(vault: Vault, most: int = 100, **changes: int) -> list[int]:
    """Claim what is due."""
    wanted = {"margin": MARGIN, "unused": DAY, "milliseconds": 60_000} | changes
    return vault.refresh_queue.claim(most, **wanted)


def test_nothing_is_due_before_its_time(vault: Vault, user: int, clock: SteppingClock) -> None:
    """A grant is due from the margin and its own jitter before its expiry, and no earlier."""
    grant = store(vault, user)
    jitter = grant.id % REFRESH_JITTER
    clock.step(LIFE - MARGIN - jitter - 1)
    assert claim(vault) == []
    clock.step(1)
    assert claim(vault) == [grant.id]


def test_a_claimed_grant_is_nobody_elses(vault: Vault, user: int, clock: SteppingClock) -> None:
    """Until its claim is over, no other refresher gets it; afterwards one does."""
    grant = store(vault, user)
    clock.step(LIFE)
    assert claim(vault, milliseconds=0) == [grant.id]
    assert claim(vault) == [grant.id]
    assert claim(vault) == []


def test_a_grant_that_is_being_refreshed_is_left_to_that(
    vault: Vault, user: int, clock: SteppingClock
) -> None:
    """Whoever holds the lease refreshes it already."""
    grant = store(vault, user)
    clock.step(LIFE)
    lease = vault.leases.take(grant.id, "somebody", 60_000)
    assert claim(vault) == []
    assert lease is not None
    vault.leases.release(lease)
    assert claim(vault) == [grant.id]


def test_what_nobody_uses_is_left_alone(vault: Vault, user: int, clock: SteppingClock) -> None:
    """A grant that was last used too long ago is not due until it is used again."""
    grant = store(vault, user)
    clock.step(2 * DAY)
    assert claim(vault) == []
    vault.usage.record_use("key", grant.id)
    vault.usage.flush()
    assert claim(vault) == [grant.id]


def test_a_grant_that_needs_its_owner_is_not_refreshed(vault: Vault, user: int, clock: SteppingClock) -> None:
    """What Amazon refuses for good is not asked for again and again."""
    grant = store(vault, user)
    clock.step(LIFE)
    assert vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
    assert claim(vault) == []


def test_short_lives_do_not_make_it_hasty(vault: Vault, user: int, clock: SteppingClock) -> None:
    """A token whose whole life is within the margin is refreshed every few minutes at most."""
    grant = store(vault, user)
    clock.step(LEAST_AGE - 1)
    assert claim(vault, margin=2 * LIFE) == []
    clock.step(1)
    assert claim(vault, margin=2 * LIFE) == [grant.id]


def test_an_application_that_rests_is_left_alone(vault: Vault, user: int, clock: SteppingClock) -> None:
    """While Amazon is given a rest for one application, only the other's grants are due."""
    store(vault, user)
    other = account(vault, user)
    clock.step(LIFE)
    vault.applications.cool_down(AppKey("spapi", "client", "print"), "throttled", 60)
    assert claim(vault) == [other.id]


def test_the_most_urgent_come_first(vault: Vault, user: int, clock: SteppingClock) -> None:
    """Where not all can be claimed, those due longest are; of two due at once nothing is said."""
    stores = [store(vault, user, f"A{number}") for number in range(5)]
    due_at = {grant.id: grant.access_expires_at - grant.id % REFRESH_JITTER for grant in stores}
    clock.step(LIFE)
    claimed = claim(vault, 2) + claim(vault, 3)
    assert sorted(claimed) == sorted(due_at)
    assert [due_at[grant_id] for grant_id in claimed] == sorted(due_at.values())


def test_replicas_share_the_work_without_overlap(
    vault: Vault, user: int, clock: SteppingClock, open_another: Callable[[], Vault]
) -> None:
    """However many claim at once, each due grant is claimed once."""
    due = {store(vault, user, f"A{number}").id for number in range(24)}
    clock.step(LIFE)
    replicas = [vault, open_another(), open_another()]
    barrier = threading.Barrier(len(replicas))
    claimed: list[int] = []

    def work(replica: Vault) -> None:
        barrier.wait()
        while batch := claim(replica, 3):
            claimed.extend(batch)

    threads = [threading.Thread(target=work, args=(replica,)) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One that found only locked rows may have stopped early; the rest is there for the next round.
    claimed += claim(vault)
    assert sorted(claimed) == sorted(due)


def test_an_ending_is_told_once_for_each_date(vault: Vault, user: int, clock: SteppingClock) -> None:
    """An authorization that ends soon is told of once, and again after it was renewed and ends again."""
    grant = store(vault, user)
    with vault.database.writing() as connection:
        ends_at = int(clock.now()) + 29 * DAY
        connection.execute(update(grants).values(authorization_expires_at=ends_at))
    told = vault.refresh_queue.notify_of_ending(30 * DAY)
    assert [(one.id, one.authorization_expires_at) for one in told] == [(grant.id, ends_at)]
    assert vault.refresh_queue.notify_of_ending(30 * DAY) == []
    with vault.database.writing() as connection:
        connection.execute(update(grants).values(authorization_expires_at=ends_at + DAY))
    assert [one.id for one in vault.refresh_queue.notify_of_ending(30 * DAY)] == [grant.id]


def test_the_census_counts_what_is_there(vault: Vault, user: int, clock: SteppingClock) -> None:
    """Grants by flow and status, the oldest refresh, and since when the refresher is late."""
    first = store(vault, user)
    refused = account(vault, user)
    vault.grants.mark_needs_reauthorization(refused.id, refused.token_version, "store_revoked")
    clock.step(LIFE)
    census = vault.refresh_queue.census(margin=MARGIN, unused=DAY, horizon=30 * DAY)
    assert census.statuses == {("spapi", "authorized"): 1, ("ads", "needs_reauthorization"): 1}
    assert census.oldest_refreshed_at == int(clock.now()) - LIFE
    assert census.most_overdue == first.access_expires_at - first.id % REFRESH_JITTER - MARGIN
    assert census.ending == 0
