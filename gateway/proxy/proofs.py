"""What the gateway has proved for itself of late, so that the same refusal does not have it proved again.

Amazon's refusals are free text, and may hold what a caller sent. So none of them is believed by itself: a
refresh, or a call of the gateway's own, shows whether it is true. Where it was not, it says nothing about the
token or the application, and the next one like it says nothing either: a client in a loop costs one proof a
minute.
"""

from gateway.util.clock import Clock
from gateway.util.secret import Secret

# Seconds.
LASTS = 60
# So many are kept before those that are over are looked for.
MANY = 1024


class Proofs:
    """Which access token of a grant, or which application, was proved to be good a moment ago."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[int | str, tuple[Secret | None, float]] = {}

    def keep(self, subject: int | str, token: Secret | None = None) -> None:
        """Keep that a subject was proved to be good: a grant, by its number, with that token."""
        if len(self._kept) >= MANY:
            self._kept = {each: kept for each, kept in self._kept.items() if self._lasts(kept[1])}
        self._kept[subject] = (token, self._clock.now())

    def holds(self, subject: int | str, token: Secret | None = None) -> bool:
        """Tell whether that was proved, and still counts."""
        kept = self._kept.get(subject)
        return kept is not None and kept[0] == token and self._lasts(kept[1])

    def drop(self, subject: int | str) -> None:
        """Forget it: it has been used with success since, so that the next refusal is news."""
        self._kept.pop(subject, None)

    def _lasts(self, at: float) -> bool:
        return 0 <= self._clock.now() - at < LASTS
