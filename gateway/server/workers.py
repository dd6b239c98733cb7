"""Several worker processes on one listening socket, each with a vault of its own over the same database."""

import gc
import importlib
import json
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from gateway.monitoring.logs import set_up_logging
from gateway.settings.loading import load_settings
from gateway.settings.settings import Settings
from gateway.util.clock import Clock, SystemClock
from gateway.vault.vault import Vault, open_vault

WORKER_VARIABLE = "GATEWAY_WORKER"
READY_SECONDS = 1.0

App = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a worker cannot find out for itself, and no secret of the owner's: those a worker reads again."""

    data_dir: Path
    sandbox: bool
    origin: str
    stand_in: dict[str, Any] | None
    factory: str

    def to_environment(self) -> None:
        """Put it into this process's environment, which the workers inherit."""
        os.environ[WORKER_VARIABLE] = json.dumps(
            {
                "data_dir": str(self.data_dir),
                "sandbox": self.sandbox,
                "origin": self.origin,
                "stand_in": self.stand_in,
                "factory": self.factory,
            }
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "WorkerConfig":
        """Return what the parent put into a worker's environment."""
        values = json.loads(environ[WORKER_VARIABLE])
        return cls(data_dir=Path(values.pop("data_dir")), **values)

    def settings(self, environ: Mapping[str, str]) -> Settings:
        """Return the settings that the parent has, too."""
        settings = load_settings(environ, sandbox=self.sandbox, data_dir=self.data_dir)
        settings = settings.with_origin(self.origin)
        return settings.with_stand_in(self.stand_in) if self.stand_in else settings


def make_app(factory: str, settings: Settings, vault: Vault, clock: Clock) -> App:
    """Return the ASGI application of a process. `factory`: the `module:function` that makes it."""
    module, _, function = factory.partition(":")
    app: App = getattr(importlib.import_module(module), function)(settings, vault, clock)
    # What there is by now stays as long as the process: the garbage collector need not look through it.
    gc.freeze()
    return app


def create_worker_app() -> App:
    """Return the ASGI application of a worker process. It closes its vault when the server ends."""
    set_up_logging()
    _end_with_parent()
    config = WorkerConfig.from_environment(os.environ)
    settings = config.settings(os.environ)
    set_up_logging(settings.log_format, settings.data_dir)
    clock = SystemClock()
    vault = open_vault(settings, clock)
    app = make_app(config.factory, settings, vault, clock)

    async def closing(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        try:
            await app(scope, receive, send)
        finally:
            vault.close()

    return closing


class Workers(Multiprocess):
    """uvicorn's supervisor, which restarts workers that die; `on_ready` is called once, when all serve."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        super().__init__(config, [listener])
        self._on_ready = on_ready
        self.served = False
        self.asked_to_stop = False

    def init_processes(self) -> None:
        """Start the workers and wait for them, still listening to signals."""
        super().init_processes()
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


def _end_with_parent() -> None:
    """End this worker gracefully when the supervising process is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
