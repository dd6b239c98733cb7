"""Token buckets, as the Selling Partner API counts calls: a rate per second and a burst."""

import threading

from amazon_sandbox.clock import SandboxClock


class Quota:
    """One bucket a key, full at first."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, rate: float, burst: float) -> bool:
        """Take one call out of the bucket of `key`; False where it is empty."""
        now = self._clock.now()
        with self._lock:
            left, since = self._buckets.get(key, (burst, now))
            left = min(burst, left + max(0.0, now - since) * rate)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left, now)
        return allowed

    def reset(self) -> None:
        """Fill every bucket."""
        with self._lock:
            self._buckets.clear()
