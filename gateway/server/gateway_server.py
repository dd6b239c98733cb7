"""uvicorn's server, as the gateway wants it to end: it drains, finishes what is under way, gives up the rest.

A first signal begins that: while `drain_seconds` pass, requests are served as before, but `/readyz` says no
and connections are told to close, so that a load balancer takes the process away. Then no more connections
are taken, and GRACE_SECONDS later what still hangs is given up: callers are told to come again, and
connections to Amazon are cut, so that the work behind them ends as it does where Amazon breaks off.

What the server has to know of its application is in the state that this yields at its start (ASGI's lifespan
state): `drain_seconds`, and `give_up`, which breaks off what it waits for.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from gateway.server.http_protocol import Protocol
from gateway.util import events

GRACE_SECONDS = 20
# Beyond that, for a client that does not read its answer.
SLOW_CLIENT_SECONDS = 2
TICK_SECONDS = 0.1

log = logging.getLogger(__name__)


class GatewayServer(uvicorn.Server):
    """The server of one process. `on_ready` is called once it takes requests."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._stopping = Protocol.stopping_of(self.server_state)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_in_a_hurry = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests, and report that."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end by a first signal, at once by a second one, and without tidying up by a third."""
        self._captured_signals.append(sig)
        if self._is_in_a_hurry:
            self.force_exit = True
        elif self.should_exit:
            self.hurry()
        self.should_exit = True

    def hurry(self) -> None:
        """Drain no longer, and give up what is under way now. For signal handlers."""
        self._is_in_a_hurry = True
        if self._loop is not None and self._stopping.closing.is_set():
            self._loop.call_soon_threadsafe(self._give_up)

    async def main_loop(self) -> None:
        """Serve until a signal comes, and while the server drains."""
        await super().main_loop()
        self._stopping.begun = True
        seconds = self.lifespan.state.get("drain_seconds", 0)
        events.info(log, "stopping", drainSeconds=seconds)
        for tick in range(round(seconds / TICK_SECONDS)):
            if self._is_in_a_hurry:
                return
            await asyncio.sleep(TICK_SECONDS)
            await self.on_tick(tick)  # what the answers say of the time

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, finish what is under way, and end the application."""
        self._stopping.begun = True
        self._stopping.closing.set()
        giving_up = asyncio.get_running_loop().call_later(
            0 if self._is_in_a_hurry else GRACE_SECONDS, self._give_up
        )
        await super().shutdown(sockets)
        giving_up.cancel()

    def _give_up(self) -> None:
        """Answer whoever still waits, and let go of what is waited for."""
        tasks = list(self.server_state.tasks)
        events.warning(log, "given_up_at_stop", requests=len(tasks))
        for task in tasks:
            task.cancel()
        give_up: Callable[[], None] | None = self.lifespan.state.get("give_up")
        if give_up is not None:
            give_up()
