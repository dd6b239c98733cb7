"""What an attempt looks like from outside: the contract's states, for the JSON API and the pages alike."""

from typing import Any, Literal

from fastapi import Request

from gateway.api.fields import ATTEMPT_ID
from gateway.asgi.calls import ApiCall
from gateway.asgi.services import services_of
from gateway.errors import TABLE, Problem
from gateway.model import Attempt, Flow, Grant
from gateway.vault.attempts import LONGEST_EXCHANGE

State = Literal["pending", "authorized", "denied", "expired", "failed"]


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


def profile_sync_of(attempt: Attempt) -> str:
    """Return how an authorized ads attempt's profile sync went; one that a crash cut off did not work."""
    return attempt.profile_sync or "profile_sync_failed"


async def named_attempt(call: ApiCall, flow: Flow) -> Attempt:
    """Return the caller's attempt that the body names. Raises Problem not_found."""
    services = call.services
    attempt = await services.threads.vault(
        services.vault.attempts.get, call.fields.attempt_id(), call.caller.user_id
    )
    if attempt is None or attempt.flow != flow:
        raise Problem("not_found")
    return attempt


async def addressed_attempt(request: Request) -> Attempt:
    """Return the attempt that a page's address names, whoever asks. Raises Problem not_found."""
    attempt_id = request.path_params["attempt_id"]
    services = services_of(request)
    attempt = None
    if ATTEMPT_ID.fullmatch(attempt_id):
        attempt = await services.threads.vault(services.vault.attempts.get, attempt_id)
    if attempt is None:
        raise Problem("not_found")
    return attempt


def standing(call: ApiCall, attempt: Attempt) -> dict[str, Any]:
    """Return how an attempt stands, as the JSON API tells it."""
    state, reason = state_of(attempt, call.services.clock.now())
    document: dict[str, Any] = {"authorizationId": attempt.id, "state": state}
    if reason is not None:
        document |= {"reason": reason, "hint": TABLE[reason].remedy}
        if attempt.detail:
            document["detail"] = attempt.detail
    return document


async def granted(call: ApiCall, attempt: Attempt) -> Grant | None:
    """Return the grant that an attempt led to; None where it has been removed since."""
    if attempt.grant_id is None:
        return None
    return await call.services.threads.vault(call.services.vault.grants.get, attempt.grant_id)
