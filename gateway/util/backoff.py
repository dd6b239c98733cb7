"""Pauses between tries that grow with each failure."""

import math
from dataclasses import dataclass

# Beyond so many failures every pause has reached its bound, and the power would be a huge number.
MOST_COUNTED = 64


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait: `first` after one failure, `factor` times as long after each further one.

    No pause is longer than `longest`.
    """

    first: float
    longest: float = math.inf
    factor: float = 2.0

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after a failure that so many in a row came before."""
        return min(self.first * self.factor ** min(failures, MOST_COUNTED), self.longest)

    def jittered(self, failures: int, randomness: float) -> float:
        """Return half to the whole of the pause, as `randomness` from 0 to 1 says.

        So those who failed together do not all come back together.
        """
        return self.pause(failures) * (0.5 + randomness / 2)
