"""Offering a consent link to whoever is told that an authorisation has to be given again."""

from gateway.clock import rfc3339
from gateway.problems import Problem
from gateway.routes.services import Services
from gateway.vault.records import Caller, Grant


async def with_consent_link(services: Services, caller: Caller, grant: Grant, problem: Problem) -> Problem:
    """Return a problem with a link to authorise `grant` again, where that mends it.

    Only for a key that may make links: the others are told the problem as it is.
    """
    if problem.extra.get("status") != "needs_reauthorization" or "manage" not in caller.rights:
        return problem
    begun = await services.renewals.link_for(grant)
    link = {
        "authorizeUrl": begun.link,
        "authorizationId": begun.attempt_id,
        "expiresAt": rfc3339(begun.expires_at),
    }
    return Problem(problem.reason, problem.detail, extra=problem.extra | link, headers=problem.headers)
