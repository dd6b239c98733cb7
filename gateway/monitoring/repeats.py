"""Failures that come again with each request: told at once, then once a minute with how often they came.

What makes two of an event the same failure are the fields that its row of `events.json` lists as `sameBy`:
where the list is empty, all are the same; where there is none, each is told. When one that came more than
once has stayed away for a minute, that is told, too. Of all this nobody who logs an event needs to know.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent / "events.json"
PERIOD = 60.0
# So many failures at once are told apart; beyond, the one that was away longest is forgotten.
MOST_KNOWN = 1000


def same_by() -> dict[str, tuple[str, ...]]:
    """Return the fields that identify a failure, by the event's name."""
    listed = json.loads(EVENTS.read_text(encoding="utf-8"))["events"]
    return {name: tuple(row["sameBy"]) for name, row in listed.items() if "sameBy" in row}


@dataclass(slots=True)
class _Failure:
    """One that is going on. Times are of a monotonic clock; `unsaid`: how often it came since `told`."""

    first: float
    last: float
    told: float
    total: int = 1
    unsaid: int = 0


class Repeats:
    """The failures of one process that are going on. Callers take turns (the handler's lock)."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._same_by = same_by()
        # By what identifies it, the one that was away longest first.
        self._known: OrderedDict[tuple[str, str], _Failure] = OrderedDict()

    def is_told(self, name: str, fields: dict[str, Any]) -> bool:
        """Tell whether an event is to be written; it gets a `count` where it stands for others, too."""
        identifying = self._same_by.get(name)
        if identifying is None:
            return True
        what = " ".join(f"{field}={fields[field]}" for field in identifying if fields.get(field) is not None)
        key = (name, what)
        now = self._monotonic()
        failure = self._known.get(key)
        if failure is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.popitem(last=False)
            self._known[key] = _Failure(now, now, now)
            return True
        self._known.move_to_end(key)
        failure.last = now
        failure.total += 1
        failure.unsaid += 1
        if now - failure.told < PERIOD:
            return False
        fields["count"] = failure.unsaid
        failure.told, failure.unsaid = now, 0
        return True

    def over(self) -> Iterator[dict[str, Any]]:
        """Return the fields of a `failure_over` for each that came more than once and now stays away."""
        now = self._monotonic() if self._known else 0.0
        while self._known:
            (name, what), failure = next(iter(self._known.items()))
            if now - failure.last < PERIOD:
                return
            del self._known[name, what]
            if failure.total > 1:
                yield {
                    "failure": name,
                    "what": what or None,
                    "count": failure.total,
                    "seconds": round(failure.last - failure.first, 1),
                }
