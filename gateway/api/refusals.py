"""What is told beside a refusal of Amazon's: a link to authorize again, or a suspended application."""

import logging

from gateway.asgi.services import Services
from gateway.errors import Problem
from gateway.model import Caller, Flow, Grant
from gateway.util.clock import rfc3339
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)


async def with_consent_link(services: Services, caller: Caller, grant: Grant, problem: Problem) -> Problem:
    """Return a problem with a link to authorize `grant` again, where that mends it.

    Only for a key that may make links, and where one can be made now: else the problem is told as it is.
    """
    if problem.extra.get("status") != "needs_reauthorization" or "manage" not in caller.rights:
        return problem
    try:
        begun = await services.renewals.link_for(grant)
    except (Problem, VaultError) as error:
        log.warning("no_consent_link grant=%d error=%r", grant.id, error.message)
        return problem
    link = {
        "authorizeUrl": begun.link,
        "authorizationId": begun.attempt_id,
        "expiresAt": rfc3339(begun.expires_at),
    }
    return Problem(problem.reason, problem.detail, extra=problem.extra | link, headers=problem.headers)


async def as_suspended(services: Services, flow: Flow, problem: Problem) -> Problem:
    """Return a refusal of the application as what it is known as where the application is suspended."""
    if problem.reason != "app_credentials" or not await services.tokens.suspended(flow):
        return problem
    return Problem("suspended_app", problem.detail, extra={"status": "suspended_app"})
