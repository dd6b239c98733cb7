"""A clock that tests move."""

START = 1_800_000_000.0


class SteppingClock:
    """A clock that moves only when a test says so."""

    def __init__(self, now: float = START) -> None:
        self.time = now

    def now(self) -> float:
        """Return the seconds since 1970 UTC."""
        return self.time

    def step(self, seconds: float) -> None:
        """Move on."""
        self.time += seconds
