"""What a request learns of its server's end, so that whoever only waits is answered before it."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from gateway.errors import Problem

# Where the server leaves, in a request's scope, how far its end has come.
STOPPING = "linkfox.stopping"
# Seconds in which a gateway that is restarted is back.
RETRY_AFTER = 5


class Stopping:
    """How far a server's end has come.

    `begun`: it serves as before, but wants to be left alone. `closing`: set once it takes no more
    connections, and waits only for what is under way.
    """

    __slots__ = ("begun", "closing")

    def __init__(self) -> None:
        self.begun = False
        self.closing = asyncio.Event()


def stopping_problem() -> Problem:
    """Return the Problem of a call for which the server's end does not wait."""
    return Problem("gateway_stopping", retry_after=RETRY_AFTER)


def is_stopping(scope: MutableMapping[str, Any]) -> bool:
    """Tell whether the server of a request has begun to end."""
    stopping: Stopping | None = scope.get(STOPPING)
    return stopping is not None and stopping.begun


async def until_stopping(scope: MutableMapping[str, Any]) -> None:
    """Wait until the server of a request takes no more connections: forever under one that does not tell."""
    stopping: Stopping | None = scope.get(STOPPING)
    await (stopping.closing if stopping else asyncio.Event()).wait()
