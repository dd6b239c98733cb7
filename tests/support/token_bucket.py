"""Amazon's way of counting calls, in a time that tests make up."""

from collections.abc import Iterable

from amazon_sandbox.clock import SandboxClock
from amazon_sandbox.quota import Quota


class _Moment(SandboxClock):
    """A clock that stands where it is put."""

    time = 0.0

    def now(self) -> float:
        return self.time


def refused(arrivals: Iterable[float], rate: float, burst: int) -> int:
    """Return how many of the calls that arrive at these seconds the stand-in's quota would refuse."""
    clock = _Moment()
    quota = Quota(clock)
    count = 0
    for clock.time in sorted(arrivals):
        count += not quota.take("bucket", rate, burst)
    return count
