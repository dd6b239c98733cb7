"""A grant together with its tokens: how long they live, and when they are of no use any more."""

from typing import NamedTuple

from gateway.errors import TABLE, Problem
from gateway.model import Grant, Tokens
from gateway.util.clock import CLOCK_TOLERANCE
from gateway.vault.grants import TOKENS_DAMAGED

REVOKED = "store_revoked"
FOREIGN = "grant_of_another_client"
# After these a token that still lives is no use to anybody: the caller gets the reason instead.
FINAL_REASONS = frozenset({REVOKED, FOREIGN, TOKENS_DAMAGED, "not_found"})
# So many seconds a caller may want to be left at most, of those that Amazon's access tokens live.
LARGEST_MIN_TTL = 3300
AMAZON_LIFETIME = 3600


class GrantTokens(NamedTuple):
    """A grant with its tokens.

    `below_minimum`: they live, but not for as long as was asked. `refreshed_again_in`: they were asked to be
    refreshed, and had been a moment ago; Amazon is asked for others after so many seconds. `in_place`: they
    took the place of the token that a caller said was refused, so Amazon was not asked again.
    """

    grant: Grant
    tokens: Tokens
    below_minimum: bool = False
    refreshed_again_in: int | None = None
    in_place: bool = False

    def fresh(self, min_ttl: int, now: float) -> "GrantTokens | None":
        """Return these tokens where they live and `min_ttl` seconds are left; None where to refresh them.

        Where a refresh brought a token of a shorter life than usual, the same share of that is enough: no
        caller has one refreshed anew that was made just now. `below_minimum` tells where that was so.
        """
        left, enough = seconds_left(self.grant, now), float(min_ttl)
        if self.grant.was_refreshed:
            life = self.grant.access_expires_at - self.grant.refreshed_at
            enough = min(min_ttl, life * LARGEST_MIN_TTL / AMAZON_LIFETIME)
        if left < max(enough, 1):
            return None
        return self._replace(below_minimum=True) if left < min_ttl else self


def ends_at(grant: Grant, now: float) -> int:
    """Return when a grant's access token ends (epoch seconds).

    That is now where it was stored by a clock ahead of this one, so that nobody knows: it is not trusted.
    """
    return grant.access_expires_at if now >= grant.refreshed_at - CLOCK_TOLERANCE else int(now)


def seconds_left(grant: Grant, now: float) -> float:
    """Return how long a grant's access token still lives, by `ends_at`; 0 or less where it has ended."""
    return ends_at(grant, now) - now


def revoked(grant: Grant) -> Problem:
    """Return the Problem of a grant that has to be authorized again."""
    reason = grant.status_reason if grant.status_reason in TABLE else REVOKED
    return Problem(reason, extra={"status": "needs_reauthorization"})
