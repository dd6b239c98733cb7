"""What one connection may cost, how many there may be, and how it is said that one was refused.

None of this needs a key to run into: it is what holds the gateway up before any request is read.
"""

import logging
from functools import cache

from gateway.util import counters, events

log = logging.getLogger(__name__)

# Of a request line and its headers together, as most servers allow at the most.
LARGEST_HEAD = 64 * 1024
# From the first byte of a request, or a connection's beginning, to the last of its headers.
HEAD_SECONDS = 10.0
# So much longer until its body is whole, and one second more for so many bytes of it, but no end of those.
BODY_SECONDS = 30.0
BODY_BYTES_A_SECOND = 64 * 1024
MOST_BODY_SECONDS = 300.0
# How many bytes of chunks' lengths and such there may be beside each byte of a body.
MOST_FRAMING = 8
# Descriptors that are left to the database, Amazon, the log and whatever is closed in a moment.
RESERVED_DESCRIPTORS = 256
# Where the system has no limit, or a higher one: each may hold a head in memory.
MOST_CONNECTIONS = 4096
# On Windows, where no limit can be asked for: as many sockets as its `select` takes.
WINDOWS_SOCKETS = 512


@cache
def most_connections() -> int:
    """Return how many connections this process may have open. Each worker has descriptors of its own."""
    try:
        import resource
    except ImportError:  # Windows
        return connections_within(WINDOWS_SOCKETS)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return connections_within(None if soft == resource.RLIM_INFINITY else soft)


def connections_within(descriptors: int | None) -> int:
    """Return how many of so many descriptors may be connections; None: there is no limit."""
    if descriptors is None:
        return MOST_CONNECTIONS
    free = max(descriptors - RESERVED_DESCRIPTORS, descriptors // 2)
    return min(free, MOST_CONNECTIONS)


def note_refusal(reason: str, source: str) -> None:
    """Count and log that one was refused.

    `reason`: a row of references/errors.json, or `not_read`; `source`: its address.
    """
    counters.connection_ended(reason)
    events.warning(log, "connection_refused", reason=reason, address=source)
