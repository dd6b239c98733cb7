"""Where the time comes from: passed in everywhere, so that tests step it instead of sleeping."""

import time
from typing import Protocol


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
