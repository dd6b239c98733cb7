"""A request's `traceparent`, read as W3C's Trace Context has it, levels 1 and 2."""

import pytest

from gateway.util import trace_context

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SPAN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("sent", "flags"),
    [
        (f"00-{TRACE}-{PARENT}-00", "00"),
        (f"00-{TRACE}-{PARENT}-01", "01"),
        (f"00-{TRACE}-{PARENT}-03", "03"),
        (f"00-{TRACE}-{PARENT}-ff", "03"),  # flags that nobody knows are not passed on
        (f"cc-{TRACE}-{PARENT}-01", "01"),  # a version to come, read as this one
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", "01"),
    ],
)
def test_a_trace_that_is_named_goes_on(sent: str, flags: str) -> None:
    """With its id, below the span that asks, in a span of its own."""
    context = trace_context.begun(SPAN, sent.encode())
    assert (context.trace_id, context.parent_id, context.span_id) == (TRACE, PARENT, SPAN)
    assert context.flags == int(flags, 16)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{PARENT}-01",
        f"0-{TRACE}-{PARENT}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT.upper()}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}-0X",
        f"00-{TRACE}-{PARENT}-01-more",
        f"cc-{TRACE}-{PARENT}-01.more",
        f" 00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
        f"00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01",
        f"00_{TRACE}_{PARENT}_01",
    ],
)
def test_what_is_malformed_is_as_if_it_were_not_sent(sent: str | None) -> None:
    """A trace begins here, which is said to be random, and is another each time."""
    first, second = (trace_context.begun(SPAN, None if sent is None else sent.encode()) for _ in range(2))
    assert first.parent_id is None
    assert first.trace_id not in {TRACE, second.trace_id}
    assert (first.span_id, first.flags) == (SPAN, trace_context.RANDOM)
    again = trace_context.begun(PARENT, f"00-{first.trace_id}-{SPAN}-{first.flags:02x}".encode())
    assert (again.trace_id, again.parent_id, again.flags) == (first.trace_id, SPAN, trace_context.RANDOM)
