"""What a request learns of its server's end, so that whoever only waits is answered before it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from gateway.errors import Problem

# Where the server leaves, in a request's scope, what is set once it begins to end.
STOPPING = "linkfox.stopping"
# Seconds in which a gateway that is restarted is back.
RETRY_AFTER = 5


def stopping_problem() -> Problem:
    """Return the Problem of a call for which the server's end does not wait."""
    return Problem("gateway_stopping", retry_after=RETRY_AFTER)


async def until_stopping(scope: MutableMapping[str, Any]) -> None:
    """Wait until the server of a request begins to end: forever under one that does not tell."""
    stopping: asyncio.Event | None = scope.get(STOPPING)
    await (stopping or asyncio.Event()).wait()
