"""Spans of what the gateway does, for whoever traces it (OpenTelemetry); nothing at all where nobody does.

A span begins where the work does: `with span("refresh", {"linkfox.flow": "ads"}) as one:`. Who collects
them, and in which form they are sent, only `monitoring/traces.py` knows. No attribute holds a secret, a name,
a path or query that was asked for, or anything else that somebody typed.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal, Protocol

from gateway.util.trace_context import TraceContext

Kind = Literal["server", "client", "internal"]
# By OpenTelemetry's names where it has one (semantic conventions), else `linkfox.…`.
Attributes = Mapping[str, str | int]


class Span(Protocol):
    """One piece of work under way."""

    def set(self, attributes: Attributes) -> None:
        """Add what is known of it by now."""

    def rename(self, name: str) -> None:
        """Give it another name."""

    def fail(self, reason: str) -> None:
        """Mark it as failed. `reason`: a word, never a text from outside."""


class Tracer(Protocol):
    """What makes spans, and passes the one under way on to what is begun inside of it."""

    def span(
        self, name: str, attributes: Attributes, kind: Kind, trace: TraceContext | None
    ) -> AbstractContextManager[Span]:
        """Return a span to work in, as the function `span` does."""

    def stop(self) -> None:
        """Send what is left, and end; in a few seconds, whether or not it could be sent."""


class _NoSpan:
    """The span of a gateway that nobody traces."""

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let exceptions pass."""

    def set(self, attributes: Attributes) -> None:
        """Ignore it."""

    def rename(self, name: str) -> None:
        """Ignore it."""

    def fail(self, reason: str) -> None:
        """Ignore it."""


_NO_SPAN = _NoSpan()
_NONE: Attributes = {}
_tracer: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Let this process be traced from now on; None: by nobody."""
    global _tracer
    _tracer = tracer


def is_on() -> bool:
    """Tell whether somebody traces this process."""
    return _tracer is not None


def span(
    name: str,
    attributes: Attributes = _NONE,
    *,
    kind: Kind = "internal",
    trace: TraceContext | None = None,
) -> AbstractContextManager[Span]:
    """Return a span to work in, a part of the one that is under way.

    `trace`: of a request, whose span has the ids that the log tells, and is a part of its caller's.
    """
    return _NO_SPAN if _tracer is None else _tracer.span(name, attributes, kind, trace)


def stop() -> None:
    """Send what is left, at the end of the process. It may take a few seconds."""
    if _tracer is not None:
        _tracer.stop()
        use(None)
