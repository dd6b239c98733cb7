"""The attempt that a page's address names."""

from starlette.requests import Request

from gateway.asgi.services import services_of
from gateway.authorization.attempt_state import ATTEMPT_ID
from gateway.errors import Problem
from gateway.model import Attempt


async def addressed_attempt(request: Request) -> Attempt:
    """Return the attempt that a page's address names, whoever asks. Raise Problem not_found."""
    attempt_id = request.path_params["attempt_id"]
    services = services_of(request)
    attempt = None
    if ATTEMPT_ID.fullmatch(attempt_id):
        attempt = await services.threads.vault(services.vault.attempts.get, attempt_id)
    if attempt is None:
        raise Problem("not_found")
    return attempt
