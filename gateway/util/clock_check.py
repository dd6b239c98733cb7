"""How far this machine's clock is from those of others, as their answers tell.

A clock that is far off takes tokens for ended that live, and serves ones that have ended.
"""

import logging
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from gateway.util import events

# More seconds than an answer's way takes, and than clocks differ that are set by the network's time.
FAR_OFF = 300
# How often a clock is compared with another one.
COMPARE_SECONDS = 60.0

log = logging.getLogger(__name__)


class ClockCheck:
    """Compares this machine's clock with others. `offsets`: seconds by which it is ahead, by whose clock."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        """`wall`: this machine's clock, in seconds since 1970."""
        self._wall = wall
        self.offsets: dict[str, int] = {}

    @property
    def far_off(self) -> dict[str, int]:
        """Those of the offsets that somebody should look after."""
        return {against: offset for against, offset in self.offsets.items() if abs(offset) > FAR_OFF}

    def compare(self, against: str, theirs: float) -> None:
        """Compare with what another clock has said just now; log where that is far off, or is no more."""
        was_far_off = against in self.far_off
        self.offsets[against] = round(self._wall() - theirs)
        is_far_off = against in self.far_off
        if is_far_off and not was_far_off:
            events.warning(log, "clock_off", against=against, offsetSeconds=self.offsets[against])
        elif was_far_off and not is_far_off:
            events.info(log, "clock_right_again", against=against, offsetSeconds=self.offsets[against])

    def compare_header(self, against: str, date: str | None) -> None:
        """Compare with an answer's `Date` header (RFC 9110, 6.6.1); one that is no date says nothing."""
        try:
            theirs = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, OverflowError):
            return
        self.compare(against, theirs)
