"""What is told of each call to Amazon: how long it took, and how it ended."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from gateway.amazon.failures import AmazonFailure
from gateway.util import counters
from gateway.util.counters import UNANSWERED, UNUSABLE, AmazonCall


class Observation:
    """One call under way. `status`: of Amazon's answer, None before it has begun."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.status: int | None = None
        self.began = monotonic()
        self._monotonic = monotonic

    def after(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Return the pieces of a body that its client sends meanwhile: that is not Amazon's time."""
        yield from pieces
        self.began = self._monotonic()


@contextmanager
def observed(call: AmazonCall, monotonic: Callable[[], float]) -> Iterator[Observation]:
    """Count what is done inside the `with` as one call to Amazon, unless its own client broke it off."""
    observation = Observation(monotonic)
    try:
        yield observation
    except AmazonFailure as failure:
        outcome = UNUSABLE if failure.kind == UNUSABLE else UNANSWERED
        counters.amazon_answered(call, outcome, monotonic() - observation.began)
        raise
    assert observation.status is not None, "a call without a failure has an answer"
    outcome = counters.status_class(observation.status)
    counters.amazon_answered(call, outcome, monotonic() - observation.began)
