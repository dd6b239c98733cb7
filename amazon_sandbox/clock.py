"""The sandbox's clock: the machine's, plus what a test has stepped it on by."""

import time
from datetime import UTC, datetime


class SandboxClock:
    """Seconds since the epoch, steppable forwards and backwards."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        """Return the time here, in seconds since the epoch."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Step on by `seconds`; a negative number steps back."""
        self.offset += seconds

    def timestamp(self) -> str:
        """Return the time here as RFC 3339 text with milliseconds."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")


def timestamp(at: float) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC, without fractions."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
