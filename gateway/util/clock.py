"""Where the time comes from: passed in everywhere, so that tests step it instead of sleeping."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

# The clocks of machines on one database may differ by so many seconds.
CLOCK_TOLERANCE = 60
# A store that is used is asked for again and again, and its token ends at the same second.
REMEMBERED = 1024


class Clock(Protocol):
    """Anything that can tell the time."""

    def now(self) -> float:
        """Return the seconds since 1970 UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the seconds since 1970 UTC."""
        return time.time()


@lru_cache(REMEMBERED)
def rfc3339(seconds: int | None) -> str | None:
    """Write epoch seconds as an RFC 3339 time in UTC; None stays None."""
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='seconds').removesuffix('+00:00')}Z"
