"""How many refreshes a user may force, as `refreshToken` and the proxy meet it.

One user's loop, or what Amazon answers to it, is not to become a rest of the whole application: that would
keep everybody's tokens from being refreshed.
"""

from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.errors import Problem
from gateway.util.threads import Threads
from gateway.vault.forced_refreshes import ForcedRefreshes

# A user's rest where Amazon names none, in seconds.
REST = 5.0


class ForcedLimit:
    """The bound on forced refreshes of each user."""

    def __init__(self, refreshes: ForcedRefreshes, threads: Threads) -> None:
        self._refreshes = refreshes
        self._threads = threads

    async def take(self, user_id: int) -> None:
        """Count a refresh that a user forces. Raise Problem too_many_refreshes with the seconds to wait."""
        seconds = await self._threads.writes(self._refreshes.take, user_id)
        if seconds:
            raise Problem("too_many_refreshes", retry_after=seconds)

    async def rested(self, user_id: int, failure: AmazonFailure) -> Problem:
        """Let a user force none for as long as Amazon wants; return what the failure amounts to."""
        asked_for = REST if failure.retry_after is None else failure.retry_after
        seconds = await self._threads.writes(self._refreshes.rest, user_id, asked_for)
        return Problem(problem_of(failure).reason, failure.detail, retry_after=seconds)
