"""How long something has been waited for, and when it is time to say so again."""

import time
from collections.abc import Callable

REMIND_SECONDS = 15.0


class WaitingTime:
    """Counts from its making. It is to be said at once, then every 15 seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began = monotonic()
        self._said_at: float | None = None

    @property
    def was_said(self) -> bool:
        """Whether there was a time to say so."""
        return self._said_at is not None

    @property
    def seconds(self) -> int:
        """For how many whole seconds it has been waited."""
        return int(self._monotonic() - self._began)

    def is_to_be_said(self) -> bool:
        """Tell whether it is time to say so; what is said once counts as said."""
        now = self._monotonic()
        if self._said_at is not None and now - self._said_at < REMIND_SECONDS:
            return False
        self._said_at = now
        return True
