"""How often and with which pauses a passing failure is tried again."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.amazon.failures import AmazonFailure
from gateway.tokens.retries import Retries


def run(
    failures: list[AmazonFailure], randomness: float = 1.0, spent: float = 0.0
) -> tuple[str | AmazonFailure, list[float]]:
    """Ask something that fails so often; return what came of it and the pauses that were made."""
    pauses: list[float] = []
    left = list(failures)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def ask() -> str:
        if left:
            raise left.pop(0)
        return "done"

    now = iter([0.0, *[spent] * 10])
    monotonic: Callable[[], float] = lambda: next(now)  # noqa: E731
    retries = Retries(sleep, randomness=lambda: randomness, monotonic=monotonic)
    try:
        return asyncio.run(retries.call(ask)), pauses
    except AmazonFailure as failure:
        return failure, pauses


def test_a_passing_failure_is_tried_again_with_growing_pauses() -> None:
    """Twice at the most, each pause twice the one before."""
    assert run([AmazonFailure("unavailable"), AmazonFailure("throttled")]) == ("done", [0.25, 0.5])


def test_pauses_are_jittered() -> None:
    """Between half and the whole, so that many callers do not come back at once."""
    assert run([AmazonFailure("unavailable")], randomness=0.0) == ("done", [0.125])


def test_the_third_failure_is_final() -> None:
    """The last one is the one that is told."""
    last = AmazonFailure("unusable")
    outcome, pauses = run([AmazonFailure("unavailable"), AmazonFailure("unavailable"), last])
    assert outcome is last
    assert len(pauses) == 2


@pytest.mark.parametrize(
    "kind", ["invalid_grant", "invalid_client", "unauthorized_client", "invalid_request"]
)
def test_what_will_not_pass_is_not_tried_again(kind: str) -> None:
    """Asking again would only repeat the mistake."""
    outcome, pauses = run([AmazonFailure(kind)])
    assert isinstance(outcome, AmazonFailure)
    assert pauses == []


def test_a_pause_that_amazon_asks_for_is_made() -> None:
    """Unless it is longer than a caller should wait."""
    assert run([AmazonFailure("throttled", retry_after=3)]) == ("done", [3])
    outcome, pauses = run([AmazonFailure("throttled", retry_after=30)])
    assert isinstance(outcome, AmazonFailure)
    assert pauses == []


def test_the_time_budget_ends_the_tries() -> None:
    """After twenty seconds of a slow Amazon nothing is tried again."""
    outcome, pauses = run([AmazonFailure("unavailable")], spent=20.0)
    assert isinstance(outcome, AmazonFailure)
    assert pauses == []
