"""How many refreshes a user may force, on both databases, and for all processes together."""

from collections.abc import Callable

import pytest
from sqlalchemy import text, update

from gateway.vault import forced_refreshes
from gateway.vault.database.tables import users
from gateway.vault.forced_refreshes import BURST, LONGEST_REST
from gateway.vault.vault import Vault


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


@pytest.fixture
def another(vault: Vault) -> int:
    """Another user's id."""
    return vault.users.create("bob")


def emptied(vault: Vault, user: int, *, seconds: int = 0) -> None:
    """Take all that a user may, at one moment, and what so many seconds bring."""
    with vault.database.writing() as connection:
        full = BURST * forced_refreshes.INTERVAL
        ahead = forced_refreshes.DatabaseMilliseconds() + full + seconds * 1000
        connection.execute(update(users).where(users.c.id == user).values(forced_refreshes_ms=ahead))


def test_so_many_are_free_and_then_one_for_each_interval(
    vault: Vault, user: int, another: int, open_another: Callable[[], Vault]
) -> None:
    """Counted in all processes; who has to wait is told for how long, and nobody else waits."""
    both = [vault.forced_refreshes, open_another().forced_refreshes]
    assert [both[n % 2].take(user) for n in range(BURST)] == [0.0] * BURST
    emptied(vault, user, seconds=60)  # longer than this takes on any machine
    for each in both:
        assert 0 < each.take(user) <= 60 + forced_refreshes.INTERVAL / 1000
        assert each.take(another) == 0


def test_a_bucket_fills_again(vault: Vault, user: int) -> None:
    """After an interval one more is free, and after all of them all are."""
    emptied(vault, user)
    with vault.database.writing() as connection:
        connection.execute(text("UPDATE users SET forced_refreshes_ms = forced_refreshes_ms - 1000"))
    assert vault.forced_refreshes.take(user) == 0
    with vault.database.writing() as connection:
        connection.execute(text("UPDATE users SET forced_refreshes_ms = 1"))
    assert [vault.forced_refreshes.take(user) for _ in range(BURST)] == [0.0] * BURST


def test_a_rest_is_the_users_alone(vault: Vault, user: int, another: int) -> None:
    """Of at most five minutes, and no shorter one ends it."""
    assert vault.forced_refreshes.rest(user, 240) == 240
    assert vault.forced_refreshes.rest(user, 5) == 5
    assert 230 < vault.forced_refreshes.take(user) <= 240
    assert vault.forced_refreshes.take(another) == 0
    assert vault.forced_refreshes.rest(user, 86_400) == LONGEST_REST
    assert LONGEST_REST - 10 < vault.forced_refreshes.take(user) <= LONGEST_REST


def test_a_clock_that_was_ahead_lets_nobody_wait(vault: Vault, user: int) -> None:
    """It was set right since: nobody knows how full the bucket is, so it is full."""
    vault.forced_refreshes.rest(user, LONGEST_REST)
    with vault.database.writing() as connection:
        connection.execute(text("UPDATE users SET forced_refreshes_ms = forced_refreshes_ms + 28800000"))
    assert vault.forced_refreshes.take(user) == 0
