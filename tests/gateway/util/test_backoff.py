"""Pauses that grow with each failure."""

import pytest

from gateway.util.backoff import Backoff


def test_each_pause_is_longer_by_the_factor_until_the_longest() -> None:
    """The first failure waits for the first pause."""
    backoff = Backoff(2.0, longest=10.0)
    assert [backoff.pause(failures) for failures in range(5)] == [2, 4, 8, 10, 10]
    slower = Backoff(1.0, factor=1.5)
    assert [slower.pause(failures) for failures in range(3)] == [1, 1.5, 2.25]


def test_however_many_failures_there_were_the_pause_is_the_longest() -> None:
    """A power of so many would be no number any more."""
    assert Backoff(1.0, longest=60.0).pause(10**9) == 60


@pytest.mark.parametrize(("randomness", "expected"), [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0)])
def test_a_jittered_pause_is_half_to_the_whole(randomness: float, expected: float) -> None:
    """So those who failed together come back apart."""
    assert Backoff(2.0).jittered(1, randomness) == expected
