"""uvicorn's server, as the gateway wants it to end: it drains, finishes what is under way, gives up the rest.

A first signal begins that: while `drain_seconds` pass, requests are served as before, but `/readyz` says no
and connections are told to close, so that a load balancer takes the process away. Then no more connections
are taken, and GRACE_SECONDS later what still hangs is given up: callers are told to come again, and
connections to Amazon are cut, so that the work behind them ends as it does where Amazon breaks off.

SIGHUP makes the application anew, of settings that are read anew (`reloading.py`): the new one takes the
next request of every connection, and the old one ends when it has answered its last.

What the server has to know of an application is in the state that this yields at its start (ASGI's lifespan
state): `drain_seconds`; `give_up`, which breaks off what it waits for; `rest`, which ends what it does by
itself.
"""

import asyncio
import copy
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from types import FrameType
from typing import Any

import uvicorn

from gateway.errors import OperatorError
from gateway.server.http_protocol import Protocol
from gateway.server.reloading import Reading, Reloader
from gateway.server.tls import TlsConfig
from gateway.util import events, tracing

GRACE_SECONDS = 20
# Beyond that, for a client that does not read its answer.
SLOW_CLIENT_SECONDS = 2
TICK_SECONDS = 0.1

# Where the system has it: what reloads. A terminal that is closed sends it, too.
HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)

log = logging.getLogger(__name__)


class GatewayServer(uvicorn.Server):
    """The server of one process. `on_ready` is called once it takes requests."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None] = lambda: None,
        reloader: Reloader | None = None,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._reloader = reloader
        self._stopping = Protocol.stopping_of(self.server_state)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_in_a_hurry = False
        self._reload_wanted = False
        self._reloading: asyncio.Task[None] | None = None
        # Applications that answer their last requests, by their lifespans, and what waits for that.
        self._retiring: dict[Any, asyncio.Task[None]] = {}

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that end the process, and the one that reloads."""
        with super().capture_signals():
            before = signal.signal(HANGUP, self._hang_up) if HANGUP is not None else None
            try:
                yield
            finally:
                if HANGUP is not None:
                    signal.signal(HANGUP, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests, and report that; where that fails, end in order. Raise OperatorError."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        try:
            self._on_ready()
        except OperatorError:
            await self.shutdown(sockets)
            raise

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end by a first signal, at once by a second one, and without tidying up by a third."""
        self._captured_signals.append(sig)
        if self._is_in_a_hurry:
            self.force_exit = True
        elif self.should_exit:
            self.hurry()
        self.should_exit = True

    def _hang_up(self, _number: int, frame: FrameType | None) -> None:
        """Reload; end where the terminal that this runs in is gone, as every program does."""
        if is_hung_up():
            self.handle_exit(signal.SIGTERM, frame)
        elif self._loop is not None:
            # Not in the context of the request that the signal happened to interrupt.
            self._loop.call_soon_threadsafe(self.reload, context=Context())

    def hurry(self) -> None:
        """Drain no longer, and give up what is under way now. For signal handlers."""
        self._is_in_a_hurry = True
        if self._loop is not None and self._stopping.closing.is_set():
            self._loop.call_soon_threadsafe(self._give_up, context=Context())

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
        if self._reloading is not None:
            await asyncio.wait([self._reloading])
        self._stopping.closing.set()
        giving_up = asyncio.get_running_loop().call_later(
            0 if self._is_in_a_hurry else GRACE_SECONDS, self._give_up
        )
        await super().shutdown(sockets)
        if self._retiring and not self.force_exit:
            await asyncio.wait(self._retiring.values())
        giving_up.cancel()
        if not self.force_exit:
            await asyncio.to_thread(tracing.stop)

    def _give_up(self) -> None:
        """Answer whoever still waits, and let go of what is waited for."""
        tasks = list(self.server_state.tasks)
        events.warning(log, "given_up_at_stop", requests=len(tasks))
        for task in tasks:
            task.cancel()
        for lifespan in (self.lifespan, *self._retiring):
            give_up: Callable[[], None] | None = lifespan.state.get("give_up")
            if give_up is not None:
                give_up()

    def reload(self) -> None:
        """Read the settings anew, and go by them from then on. In the event loop."""
        if self._reloader is None or self._stopping.begun:
            return
        self._reload_wanted = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload(self._reloader))

    async def _reload(self, reloader: Reloader) -> None:
        # Whoever asks meanwhile may have changed a file that is read already.
        while self._reload_wanted:
            self._reload_wanted = False
            try:
                reading = await asyncio.to_thread(reloader.read_anew)
                if reading is not None:
                    await self._take(reloader, reading)
            except Exception as error:  # whatever it is: what serves goes on
                reloader.refused(
                    f"they could not be taken over ({type(error).__name__})", "Report it; a restart may help."
                )

    async def _take(self, reloader: Reloader, reading: Reading) -> None:
        """Let a new application answer from now on."""
        if isinstance(self.config, TlsConfig):
            self.config.read_certificate()
        config = copy.copy(self.config)
        config.loaded_app = reloader.make(reading.settings)
        lifespan = config.lifespan_class(config)
        await lifespan.startup()
        if lifespan.should_exit or lifespan.error_occurred:
            reloader.refused("the application does not start with them", "Read the reason above this line.")
            return
        former, under_way = self.lifespan, set(self.server_state.tasks)
        self.lifespan, self.config.loaded_app = lifespan, config.loaded_app
        for connection in self.server_state.connections:
            assert isinstance(connection, Protocol), "there are no others"
            connection.app, connection.app_state = config.loaded_app, lifespan.state
        reloader.taken(reading)
        self._retiring[former] = asyncio.create_task(self._retire(former, under_way))

    async def _retire(self, lifespan: Any, under_way: set[asyncio.Task[None]]) -> None:
        """End an application when it has answered what is under way."""
        rest: Callable[[], Awaitable[None]] | None = lifespan.state.get("rest")
        if rest is not None:
            await rest()
        if under_way:
            await asyncio.wait(under_way)
        await lifespan.shutdown()
        del self._retiring[lifespan]
        # The garbage collector was told to leave alone what there was when each was made (`make_app`).
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def is_hung_up() -> bool:
    """Tell whether this process belongs to a terminal that is gone."""
    return _TERMINAL and not os.isatty(0)


_TERMINAL = sys.stdin is not None and os.isatty(0)
