"""A grant together with its tokens: how long they live, and when they are of no use any more."""

from typing import NamedTuple

from gateway.errors import TABLE, Problem
from gateway.model import Grant, Tokens
from gateway.vault.grants import TOKENS_DAMAGED

# The clocks of machines on one database may differ by so many seconds.
CLOCK_TOLERANCE = 60

REVOKED = "store_revoked"
FOREIGN = "grant_of_another_client"
# After these a token that still lives is no use to anybody: the caller gets the reason instead.
FINAL_REASONS = frozenset({REVOKED, FOREIGN, TOKENS_DAMAGED, "not_found"})


class GrantTokens(NamedTuple):
    """A grant with its tokens. `below_minimum`: they live, but not for as long as was asked."""

    grant: Grant
    tokens: Tokens
    below_minimum: bool = False


def seconds_left(grant: Grant, tokens: Tokens, now: float) -> float:
    """Return how long an access token still lives; 0 where the clock has gone back since, so nobody knows."""
    return tokens.expires_at - now if now >= grant.refreshed_at - CLOCK_TOLERANCE else 0.0


def revoked(grant: Grant) -> Problem:
    """Return the Problem of a grant that has to be authorized again."""
    reason = grant.status_reason if grant.status_reason in TABLE else REVOKED
    return Problem(reason, extra={"status": "needs_reauthorization"})
