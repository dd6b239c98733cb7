"""What is counted of a call to Amazon is Amazon's time."""

from collections.abc import Iterator

import pytest

from gateway.amazon.failures import AmazonFailure
from gateway.amazon.observed import observed
from gateway.util.counters import REGISTRY, AmazonCall
from tests.support.clock import SteppingClock

CALL = AmazonCall.PROXIED_ADS


def counted(outcome: str) -> tuple[float, float]:
    """Return how many calls there were, and how many seconds they took together."""
    labels = {"api": "ads", "call": "proxied", "outcome": outcome}
    number, seconds = (
        REGISTRY.get_sample_value(f"linkfox_amazon_seconds_{what}", labels) for what in ("count", "sum")
    )
    assert number is not None
    assert seconds is not None
    return number, seconds


def test_the_time_of_a_client_that_sends_is_not_amazons() -> None:
    """A body comes for 50 seconds, and Amazon answers three seconds after its end."""
    clock = SteppingClock()

    def pieces() -> Iterator[bytes]:
        yield b"a"
        clock.step(50)
        yield b"b"

    before = counted("2xx")
    with observed(CALL, "POST", "advertising-api.amazon.com", clock.now) as seen:
        assert b"".join(seen.after(pieces())) == b"ab"
        clock.step(3)
        seen.answered(201, {})
    after = counted("2xx")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)


@pytest.mark.parametrize(("kind", "outcome"), [("unavailable", "unavailable"), ("unusable", "unusable")])
def test_a_call_that_brings_no_answer_is_counted(kind: str, outcome: str) -> None:
    """By what was the matter; the failure goes on to whoever asked."""
    before = counted(outcome)
    with (
        pytest.raises(AmazonFailure),
        observed(CALL, "GET", "advertising-api.amazon.com", SteppingClock().now),
    ):
        raise AmazonFailure(kind)  # type: ignore[arg-type]
    assert counted(outcome)[0] - before[0] == 1


def test_a_client_that_breaks_off_is_not_counted_as_amazon() -> None:
    """What ended the call was no failure of Amazon's."""
    before = [counted(outcome) for outcome in ("2xx", "5xx", "unavailable", "unusable")]
    with (
        pytest.raises(ConnectionResetError),
        observed(CALL, "POST", "advertising-api.amazon.com", SteppingClock().now),
    ):
        raise ConnectionResetError
    assert [counted(outcome) for outcome in ("2xx", "5xx", "unavailable", "unusable")] == before
