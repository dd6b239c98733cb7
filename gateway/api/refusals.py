"""What is told beside a refusal of Amazon's: a link to authorize again, or a suspended application."""

import logging
from typing import Any

from gateway.asgi.services import Services
from gateway.errors import Problem
from gateway.model import Caller, Flow, Grant
from gateway.util import events
from gateway.util.clock import rfc3339
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)


async def with_consent_link(services: Services, caller: Caller, grant: Grant, problem: Problem) -> Problem:
    """Return a problem with whose it is, and a link to authorize `grant` again, where that mends it.

    The link only for a key that may make links, and where one can be made now.
    """
    if problem.extra.get("status") != "needs_reauthorization":
        return problem
    problem.extra |= _whose(grant)
    if "manage" not in caller.rights:
        return problem
    try:
        begun = await services.renewals.link_for(grant)
    except (Problem, VaultError) as error:
        events.warning(log, "no_consent_link", grant=grant.id, error=error.message)
        return problem
    link = {
        "authorizeUrl": begun.link,
        "authorizationId": begun.attempt_id,
        "expiresAt": rfc3339(begun.expires_at),
    }
    return Problem(problem.reason, problem.detail, extra=problem.extra | link, headers=problem.headers)


def _whose(grant: Grant) -> dict[str, Any]:
    """Return the fields of a failure that name a store or an ads account."""
    if grant.flow == "ads":
        return {"authRecordId": grant.id, "accountName": grant.name, "region": grant.region}
    return {
        "authRecordId": grant.id,
        "sellerId": grant.seller_id,
        "sellerName": grant.name,
        "region": grant.region,
    }


async def as_suspended(services: Services, flow: Flow, problem: Problem) -> Problem:
    """Return a refusal of the application as what it is known as where the application is suspended."""
    if problem.reason != "app_credentials" or not await services.tokens.suspended(flow):
        return problem
    return Problem("suspended_app", problem.detail, extra={"status": "suspended_app"})
