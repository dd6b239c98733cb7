"""Requests with a key that nobody has, as few rows of the audit, however many come from however many places.

Rows of the audit stay for good, so whoever has no key must not be able to fill the disk with them. In each
hour the first request of a source has a row of its own, of a hundred sources at most; what else there was is
counted, and written down as numbers when the hour is over.
"""

import threading

WINDOW_SECONDS = 3600
MOST_SOURCES = 100


class UnknownKeys:
    """The current hour's requests of one process. They may be counted from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = 0.0
        # How many came from a source beside the first; and from all those that had no row.
        self._more: dict[str, int] = {}
        self._others = 0

    def has_row(self, source: str, now: float) -> bool:
        """Count a request; tell whether it is to have a row. `now`: epoch seconds."""
        with self._lock:
            if not self._more:
                self._began = now
            if source in self._more:
                self._more[source] += 1
            elif len(self._more) >= MOST_SOURCES:
                self._others += 1
            else:
                self._more[source] = 0
                return True
            return False

    def taken(self, now: float, *, ending: bool = False) -> list[str]:
        """Return what further rows are to say, once the hour or the process ends, and begin anew."""
        with self._lock:
            if not self._more or (not ending and self._began <= now < self._began + WINDOW_SECONDS):
                return []
            told = [f"{source}: {count} more" for source, count in self._more.items() if count]
            if self._others:
                told.append(f"further addresses: {self._others}")
            self._more, self._others = {}, 0
            return told
