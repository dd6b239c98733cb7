"""Attempts to authorize, as the JSON API names, completes and tells them."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gateway.asgi.calls import ApiCall
from gateway.asgi.display_status import as_listed
from gateway.authorization.attempt_state import ATTEMPT_ID, state_of
from gateway.authorization.authorizer import CallbackRefused
from gateway.authorization.callback import Callback
from gateway.errors import TABLE, Problem
from gateway.model import Attempt, Flow, Grant

MOST_QUERY_FIELDS = 50
# So many seconds a caller waits for the end of what it completes; clients wait for half a minute.
COMPLETION_PATIENCE = 25.0


async def named_attempt(call: ApiCall, flow: Flow, attempt_id: str) -> Attempt:
    """Return the caller's attempt of that id; one of another shape belongs to nobody. Raise Problem."""
    services = call.services
    attempt = None
    if ATTEMPT_ID.fullmatch(attempt_id):
        attempt = await services.threads.vault(services.vault.attempts.get, attempt_id, call.caller.user_id)
    if attempt is None or attempt.flow != flow:
        raise Problem("not_found")
    return attempt


async def completed(call: ApiCall, flow: Flow, callback_url: str) -> Attempt:
    """Do what the callback would have done, for an attempt of the caller's own. Raise Problem."""
    services = call.services
    callback = Callback.from_query(_query_of(callback_url, services.settings.redirect_uri(flow)))
    known = None
    if callback.state is not None:
        known = await services.threads.vault(services.vault.attempts.find_by_state, callback.state)
    if known is None or known.flow != flow or known.user_id != call.caller.user_id:
        raise Problem("not_found")
    try:
        await services.authorizer.complete(flow, callback, COMPLETION_PATIENCE)
    except CallbackRefused as refused:
        raise Problem(refused.reason) from None
    attempt = await services.threads.vault(services.vault.attempts.get, known.id)
    assert attempt is not None, "an attempt is kept for long after its end"
    return attempt


def _query_of(given: str, address: str) -> list[tuple[str, str]]:
    """Return the query, as pairs, of an address that has to be `address` but for that. Raise Problem."""
    refusal = Problem(
        "bad_parameter",
        f"callbackUrl: expected the address that the browser ended on; it begins with {address}",
    )
    try:
        parts, wanted = urlsplit(given.strip()), urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=MOST_QUERY_FIELDS)
    except ValueError:
        raise refusal from None
    if (parts.scheme, parts.netloc.lower(), parts.path) != (
        wanted.scheme,
        wanted.netloc.lower(),
        wanted.path,
    ):
        raise refusal
    return pairs


def standing(call: ApiCall, attempt: Attempt) -> dict[str, Any]:
    """Return the fields of an attempt's status that stores and accounts share."""
    state, reason = state_of(attempt, call.services.clock.now())
    fields: dict[str, Any] = {
        "authorization_id": attempt.id,
        "state": state,
        "external_id": attempt.external_id,
        "return_url": attempt.return_url,
    }
    if reason is not None:
        fields |= {"reason": reason, "hint": TABLE[reason].remedy, "detail": attempt.detail or None}
    return fields


def recognition(attempt: Attempt) -> dict[str, Any]:
    """Return the fields that tell whether what an attempt led to was known before, and under which name."""
    return {"already_known": attempt.known_before, "previous_name": attempt.previous_name}


async def granted(call: ApiCall, attempt: Attempt) -> Grant | None:
    """Return the grant that an attempt led to, as it is to be shown; None where it has been removed since."""
    if attempt.grant_id is None:
        return None
    services = call.services
    grant = await services.threads.vault(services.vault.grants.get, attempt.grant_id)
    return None if grant is None else (await as_listed(services, attempt.flow, [grant]))[0]
