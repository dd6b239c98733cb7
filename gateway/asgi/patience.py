"""How long the caller of a proxied call waits for its turn, and whether it still does."""

import re
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gateway.asgi.request_context import header_values
from gateway.asgi.stopping import stopping_problem, until_stopping
from gateway.errors import Problem
from gateway.proxy.pacing import USUAL_DEADLINE, Patience
from gateway.vault.call_buckets import LONGEST_WAIT

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


def deadline_of(scope: Scope) -> float:
    """Return the seconds that X-Deadline says, LONGEST_WAIT at most. Raise Problem bad_parameter."""
    values = header_values(scope, b"x-deadline")
    if not values:
        return USUAL_DEADLINE
    if len(values) > 1 or not _SECONDS.fullmatch(values[0].strip()):
        raise Problem(
            "bad_parameter",
            f"X-Deadline: expected how many seconds the call may wait for its turn, such as 0, 2.5 or "
            f"{USUAL_DEADLINE:g}; more than {LONGEST_WAIT} count as that many",
        )
    return min(float(values[0]), LONGEST_WAIT)


def patience_of(scope: Scope, receive: Receive) -> Patience:
    """Return how long the caller of a request waits, and its server; its body has to be read by then.

    Raise Problem bad_parameter.
    """

    async def gone() -> None:
        await until_gone(receive)
        raise ClientDisconnect

    async def stopping() -> None:
        await until_stopping(scope)
        raise stopping_problem()

    return Patience(deadline_of(scope), gone, stopping)


async def until_gone(receive: Receive) -> None:
    """Wait for the client to go; what it may still send is for nobody. That ends with too much of it, too."""
    with suppress(Problem):
        while (await receive())["type"] != "http.disconnect":
            pass
