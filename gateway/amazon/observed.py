"""What is told of each call to Amazon, in the log and the metrics: how long it took, and how it ended."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from gateway.amazon.failures import AmazonFailure
from gateway.util import counters, events
from gateway.util.counters import UNANSWERED, UNUSABLE, AmazonCall
from gateway.util.text import cleaned

REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amz-rid")

log = logging.getLogger(__name__)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the id of a call by which Amazon finds it, None without one. `headers`: names in lower case."""
    found = (cleaned(headers.get(name)) for name in REQUEST_ID_HEADERS)
    return next((value for value in found if value), None)


class Observation:
    """One call under way. `status` and `request_id`: of Amazon's answer, None before it has begun."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.status: int | None = None
        self.request_id: str | None = None
        self.began = monotonic()
        self._monotonic = monotonic

    def after(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Return the pieces of a body that its client sends meanwhile: that is not Amazon's time."""
        yield from pieces
        self.began = self._monotonic()

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note that Amazon's answer has begun. `headers`: names in lower case."""
        self.status = status
        self.request_id = request_id_of(headers)

    def ended(self, call: AmazonCall, outcome: str) -> None:
        """Tell how it ended. `outcome`: a class of statuses, UNANSWERED or UNUSABLE."""
        seconds = self._monotonic() - self.began
        counters.amazon_answered(call, outcome, seconds)
        api, what = call.value
        events.info(
            log,
            "amazon_called",
            api=api,
            call=what,
            outcome=outcome,
            status=self.status,
            seconds=round(seconds, 4),
            amazonRequestId=self.request_id,
        )


@contextmanager
def observed(call: AmazonCall, monotonic: Callable[[], float]) -> Iterator[Observation]:
    """Tell of what is done inside the `with` as one call to Amazon, unless its own client broke it off."""
    observation = Observation(monotonic)
    try:
        yield observation
    except AmazonFailure as failure:
        outcome = UNUSABLE if failure.kind == UNUSABLE else UNANSWERED
        observation.ended(call, outcome)
        raise
    assert observation.status is not None, "a call without a failure has an answer"
    observation.ended(call, counters.status_class(observation.status))
