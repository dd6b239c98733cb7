"""How an attempt stands, in the contract's states: for the JSON API and the pages alike."""

import re
from typing import Literal

from gateway.model import Attempt
from gateway.vault.attempts import LONGEST_EXCHANGE

State = Literal["pending", "authorized", "denied", "expired", "failed"]
ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def state_of(attempt: Attempt, now: float) -> tuple[State, str | None]:
    """Return the contract's state of an attempt and the reason where it did not succeed.

    An ads attempt counts as pending until its profiles were asked for, so that who waits finds them. That
    first look comes after the exchange and is waited for just as long.
    """
    if attempt.phase == "pending":
        return ("expired", "expired") if attempt.expires_at <= now else ("pending", None)
    if attempt.phase == "exchanging":
        left_behind = now - (attempt.consumed_at or attempt.created_at) > LONGEST_EXCHANGE
        return ("failed", "interrupted") if left_behind else ("pending", None)
    if attempt.phase == "authorized":
        syncing = attempt.flow == "ads" and attempt.profile_sync is None
        if syncing and now - (attempt.ended_at or 0) <= LONGEST_EXCHANGE:
            return "pending", None
        return "authorized", None
    return attempt.phase, attempt.reason
