"""Several worker processes on one listening socket, each with a vault of its own over the same database."""

import gc
import importlib
import json
import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess, Process

from gateway.monitoring.logs import set_up_logging
from gateway.server.gateway_server import HANGUP, GatewayServer, is_hung_up
from gateway.server.reloading import App, Reloader
from gateway.settings.loading import load_settings
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.clock import Clock, SystemClock
from gateway.vault.vault import Vault
from gateway.vault.waiting import open_when_it_answers

WORKER_VARIABLE = "GATEWAY_WORKER"
READY_SECONDS = 1.0
# How long a signal may wait while the workers end.
SIGNAL_SECONDS = 0.2
ENDING = frozenset({"INT", "TERM", "BREAK"})
# By what the supervisor tells a worker to give up what is under way.
HURRY = getattr(signal, "SIGUSR2", None)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a worker cannot find out for itself, and no secret of the owner's: those a worker reads again."""

    data_dir: Path
    sandbox: bool
    origin: str
    stand_in: dict[str, Any] | None
    factory: str
    flags: dict[str, Any]

    def to_environment(self) -> None:
        """Put it into this process's environment, which the workers inherit."""
        os.environ[WORKER_VARIABLE] = json.dumps(
            {
                "data_dir": str(self.data_dir),
                "sandbox": self.sandbox,
                "origin": self.origin,
                "stand_in": self.stand_in,
                "factory": self.factory,
                "flags": self.flags,
            },
            default=str,  # paths
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "WorkerConfig":
        """Return what the parent put into a worker's environment."""
        values = json.loads(environ[WORKER_VARIABLE])
        flags = values.pop("flags")
        for name in ("tls_cert", "tls_key"):
            flags[name] = flags[name] and Path(flags[name])
        return cls(data_dir=Path(values.pop("data_dir")), flags=flags, **values)

    def settings(self, environ: Mapping[str, str]) -> Settings:
        """Return the settings that the parent has, too."""
        settings = load_settings(environ, sandbox=self.sandbox, data_dir=self.data_dir)
        settings = replace(settings, listening=settings.listening.with_flags(**self.flags))
        settings = settings.with_origin(self.origin)
        return settings.with_stand_in(self.stand_in) if self.stand_in else settings

    def reloader(self, settings: Settings, vault: Vault, clock: Clock) -> Reloader:
        """Return what makes the application of this process, now and when its settings are read anew."""
        return Reloader(
            settings,
            vault,
            lambda: self.settings(os.environ),
            lambda read: make_app(self.factory, read, vault, clock),
        )


def make_app(factory: str, settings: Settings, vault: Vault, clock: Clock) -> App:
    """Return the ASGI application of a process. `factory`: the `module:function` that makes it."""
    module, _, function = factory.partition(":")
    app: App = getattr(importlib.import_module(module), function)(settings, vault, clock)
    # What there is by now stays as long as the process: the garbage collector need not look through it.
    gc.freeze()
    return app


def create_worker_app() -> App:
    """Return the ASGI application of a worker process. Its server closes the vault (WorkerServer)."""
    set_up_logging()
    _end_with_parent()
    config = WorkerConfig.from_environment(os.environ)
    settings = config.settings(os.environ)
    set_up_logging(settings.log_format, settings.data_dir)
    clock = SystemClock()
    vault = open_when_it_answers(settings, clock)
    _this.vault = vault
    _this.reloader = config.reloader(settings, vault, clock)
    return _this.reloader.make(settings)


@dataclass(slots=True)
class _Worker:
    """What a worker process has once: uvicorn makes its application by the name of a function."""

    vault: Vault | None = None
    reloader: Reloader | None = None


_this = _Worker()


class WorkerServer(GatewayServer):
    """The server of a worker, which takes its parent's word alone for how fast it is to end.

    Ctrl+C and a service manager signal every process of a group, and the parent each worker once more.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests, with the application that this process has made by now."""
        self._reloader = _this.reloader
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the application, and close the vault that it stands on."""
        await super().shutdown(sockets)
        if _this.vault is not None:
            _this.vault.close()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end, however often that is said."""
        self._captured_signals.append(sig)
        self.should_exit = True


class WorkerProcess(Process):
    """uvicorn's worker process, with a server of the gateway's."""

    @property
    def server(self) -> uvicorn.Server:
        """The server, which is made in the worker."""
        if self._server is None:
            self._server = WorkerServer(self.config)
        return self._server

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, in the worker."""
        if HURRY is not None:
            signal.signal(HURRY, lambda _number, _frame: cast(WorkerServer, self.server).hurry())
        super().target(sockets)

    def reload(self) -> None:
        """Let the worker read its settings anew."""
        if HANGUP is not None and self.process.is_alive() and self.process.pid is not None:
            os.kill(self.process.pid, HANGUP)

    def hurry(self) -> None:
        """Let the worker give up what is under way; where there is no signal for that, end it."""
        if HURRY is None:
            self.process.terminate()
        elif self.process.is_alive() and self.process.pid is not None:
            os.kill(self.process.pid, HURRY)


class Workers(Multiprocess):
    """uvicorn's supervisor, which restarts workers that die; `on_ready` is called once, when all serve."""

    processes: list[WorkerProcess]  # type: ignore[assignment]

    def __init__(self, config: uvicorn.Config, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        super().__init__(config, [listener])
        self._on_ready = on_ready
        self.served = False
        self.asked_to_stop = False

    def init_processes(self) -> None:
        """Start the workers and wait for them, still listening to signals."""
        self.processes = [self._started() for _ in range(self.processes_num)]
        waiting = list(self.processes)
        while waiting and not self.should_exit.is_set():
            self.handle_signals()
            if not waiting[0].process.is_alive():
                self.should_exit.set()
            elif waiting[0].is_ready(READY_SECONDS):
                waiting.pop(0)
        if not self.should_exit.is_set():
            self.served = True
            self._on_ready()

    def keep_subprocess_alive(self) -> None:
        """Start another worker in the place of one that died or hangs."""
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            process.kill()
            process.join()
            events.error(log, "worker_died", pid=process.pid, exitCode=process.exitcode)
            if process.exitcode == STARTUP_FAILURE:
                # The next one would fail alike; what the matter is, the worker has logged.
                self.should_exit.set()
                return
            self.processes[place] = self._started()

    def join_all(self) -> None:
        """Wait for the workers to end. A second signal makes them hurry, a third one ends them."""
        self.signal_queue.clear()
        further = 0
        for process in self.processes:
            while process.process.is_alive():
                process.process.join(SIGNAL_SECONDS)
                while self.signal_queue and SIGNALS[self.signal_queue.pop()] in ENDING:
                    further += 1
                    for one in self.processes:
                        one.hurry() if further == 1 else one.process.kill()

    def _started(self) -> WorkerProcess:
        process = WorkerProcess(self.config, self.sockets)
        process.start()
        return process

    def handle_int(self) -> None:
        """End gracefully on Ctrl+C."""
        self.asked_to_stop = True
        super().handle_int()

    def handle_term(self) -> None:
        """End gracefully on SIGTERM."""
        self.asked_to_stop = True
        super().handle_term()

    def handle_break(self) -> None:
        """End gracefully on Windows's Ctrl+Break."""
        self.asked_to_stop = True
        super().handle_break()

    def handle_hup(self) -> None:
        """Let the workers read their settings anew; end where the terminal is gone."""
        if is_hung_up():
            self.handle_term()
            return
        for process in self.processes:
            process.reload()

    def handle_ttin(self) -> None:
        """Start no further worker: how many there are is a setting."""

    def handle_ttou(self) -> None:
        """Stop none."""


def _end_with_parent() -> None:
    """End this worker gracefully when the supervising process is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
