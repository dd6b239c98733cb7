"""What is told of each call to Amazon, in log, metrics and traces: how long it took, and how it ended."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from gateway.amazon.failures import AmazonFailure
from gateway.util import counters, events, tracing
from gateway.util.counters import UNANSWERED, UNUSABLE, AmazonCall
from gateway.util.text import cleaned
from gateway.util.tracing import Span

REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amz-rid")

log = logging.getLogger(__name__)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the id of a call by which Amazon finds it, None without one. `headers`: names in lower case."""
    found = (cleaned(headers.get(name)) for name in REQUEST_ID_HEADERS)
    return next((value for value in found if value), None)


class Observation:
    """One call under way. `status` and `request_id`: of Amazon's answer, None before it has begun."""

    def __init__(self, call: AmazonCall, span: Span, monotonic: Callable[[], float]) -> None:
        self._call = call
        self._span = span
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

    def ended(self, outcome: str) -> None:
        """Tell how it ended. `outcome`: a class of statuses, UNANSWERED or UNUSABLE."""
        seconds = self._monotonic() - self.began
        counters.amazon_answered(self._call, outcome, seconds)
        told: dict[str, str | int] = {"linkfox.outcome": outcome}
        if self.status is not None:
            told["http.response.status_code"] = self.status
        if self.request_id is not None:
            told["aws.request_id"] = self.request_id
        self._span.set(told)
        api, what = self._call.value
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
def observed(
    call: AmazonCall, method: str, host: str, monotonic: Callable[[], float]
) -> Iterator[Observation]:
    """Tell of what is done inside the `with` as one call to Amazon, unless its own client broke it off."""
    api, what = call.value
    about = {
        "http.request.method": method,
        "server.address": host,
        "linkfox.api": api,
        "linkfox.call": what,
    }
    with tracing.span(f"amazon {api} {what}", about, kind="client") as span:
        observation = Observation(call, span, monotonic)
        try:
            yield observation
        except AmazonFailure as failure:
            observation.ended(UNUSABLE if failure.kind == UNUSABLE else UNANSWERED)
            raise
        assert observation.status is not None, "a call without a failure has an answer"
        observation.ended(counters.status_class(observation.status))
