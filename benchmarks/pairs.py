"""Time two things in turn, A B A B …, so that a machine that speeds up or slows down does so for both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Pair:
    """Seconds of A and of B (medians), and the ratio A/B pair by pair: its median, least and greatest."""

    a: float
    b: float
    ratio: float
    ratio_least: float
    ratio_greatest: float
    runs: int

    def rounded(self) -> dict[str, Any]:
        """As a dictionary with three significant places, for a report."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


def seconds(work: Callable[[], object]) -> float:
    """How long one call of `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(a: Callable[[], object], b: Callable[[], object], *, runs: int, warm_up: int = 1) -> Pair:
    """Run `a` and `b` alternately `runs` times after `warm_up` uncounted rounds."""
    for _ in range(warm_up):
        a()
        b()
    measured = [(seconds(a), seconds(b)) for _ in range(runs)]
    ratios = [one / other for one, other in measured]
    return Pair(
        statistics.median(one for one, _ in measured),
        statistics.median(other for _, other in measured),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        runs,
    )
