"""Which trace the current work belongs to, as W3C's Trace Context has it (https://www.w3.org/TR/trace-context/).

A caller names its trace in the header `traceparent`. What is malformed there is as if it were not sent, and a
trace begins here, as the standard wants it. `tracestate` is for tracing systems, and is left alone.
"""

import random
import re
from contextvars import ContextVar
from typing import NamedTuple

# Version 00 has four fields; a later one may have more, of which the first four mean the same.
_TRACEPARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL
)
SAMPLED = 0x01
# The trace id is random, all of it.
RANDOM = 0x02


class TraceContext(NamedTuple):
    """A span: one request's work. Ids are hexadecimal digits in lower case.

    `parent_id`: the caller's span, None where the trace begins here; `flags`: SAMPLED and RANDOM, as the
    caller gave them.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    flags: int


def begun(span_id: str, traceparent: bytes | None) -> TraceContext:
    """Return the context of a span, in the trace that a header names, or in one of its own.

    `span_id`: 16 hexadecimal digits; `traceparent`: the one that was sent, None for none or several.
    """
    given = None if traceparent is None else _TRACEPARENT.fullmatch(traceparent)
    if given is None or (given[1] == b"00" and given[5] is not None):
        # Only has to differ from all others: the system's own randomness is a call of the kernel each time.
        return TraceContext(f"{random.getrandbits(128) or 1:032x}", span_id, None, RANDOM)
    flags = int(given[4], 16) & (SAMPLED | RANDOM)
    return TraceContext(given[2].decode(), span_id, given[3].decode(), flags)


_current: ContextVar[TraceContext | None] = ContextVar("trace_context", default=None)


def follow(context: TraceContext) -> None:
    """Make this the context of whatever the current task does and begins from now on."""
    _current.set(context)


# The context of the current work; None for what the gateway does by itself.
current = _current.get
