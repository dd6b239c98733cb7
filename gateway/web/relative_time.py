"""Points in time as people say them: how long ago, how long from now, and by their clock."""

from datetime import UTC, datetime

from gateway.web.texts import Language

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class RelativeTime:
    """Speaks of epoch seconds as seen from `now`, in one language and by the clock of its readers."""

    def __init__(self, now: float, language: Language) -> None:
        self._now = int(now)
        self._words = language.words
        self._zone = language.zone

    def ago(self, at: int) -> str:
        """Say how long ago something happened."""
        passed = self._now - at
        return self._words["now"] if passed < MINUTE else self._words["ago"].format(span=self.span(passed))

    def until(self, at: int) -> str:
        """Say in how long something will be, or that it is over."""
        left = at - self._now
        return self._words["over"] if left <= 0 else self._words["in_time"].format(span=self.span(left))

    def left(self, at: int) -> str | None:
        """Say how much time is left; None where there is none."""
        left = at - self._now
        return None if left <= 0 else self._words["token_left"].format(span=self.span(left))

    def span(self, seconds: int) -> str:
        """Say a length of time in the largest unit of which there are two, else in minutes."""
        for unit, word in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
            if seconds >= 2 * unit:
                return self._words[word].format(n=seconds // unit)
        return self._words["minute" if seconds >= MINUTE else "seconds"]

    @staticmethod
    def machine(at: int) -> str:
        """Return the moment for a `datetime` attribute: RFC 3339, in UTC."""
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def written(self, at: int) -> str:
        """Return the moment in figures, with the name of the clock that they are of."""
        figures = datetime.fromtimestamp(at, self._zone).strftime("%Y-%m-%d %H:%M")
        return self._words["moment"].format(moment=figures)
