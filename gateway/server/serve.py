"""The gateway as a process: from a locked data folder to a server that takes requests, and back."""

import json
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from gateway.errors import EXIT_CODES, OperatorError
from gateway.monitoring import metrics_folder
from gateway.monitoring.logs import set_up_logging
from gateway.server import service_manager
from gateway.server.data_folder import DataFolder
from gateway.server.ending_signals import EndingSignals, Stopped
from gateway.server.first_key import ensure_first_key
from gateway.server.gateway_server import GRACE_SECONDS, SLOW_CLIENT_SECONDS, GatewayServer
from gateway.server.listener import BACKLOG, addresses, listen
from gateway.server.reloading import Reloader
from gateway.server.sandbox_process import StandInProcess
from gateway.server.share_claim import claim_of_share
from gateway.server.start_line import StartLine
from gateway.server.start_warnings import warn_at_start
from gateway.server.tls import TLS_BACKLOG, TlsConfig, check_certificate
from gateway.server.workers import WorkerConfig, Workers
from gateway.settings.applications import CALLBACK_PATHS
from gateway.settings.loading import load_settings
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.clock import SystemClock
from gateway.util.paths import PROGRAM
from gateway.util.secret import Secret
from gateway.util.version import version
from gateway.vault.vault import Vault
from gateway.vault.waiting import open_when_it_answers

APP = "gateway.app:create_app"
KEEP_ALIVE_SECONDS = 30

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line said; None: nothing, so that the setting counts."""

    host: str | None
    port: int | None
    workers: int | None
    sandbox: bool
    tls_cert: Path | None
    tls_key: Path | None
    data_dir: Path | None

    def flags(self) -> dict[str, Any]:
        """Return what was said of where and how to listen, by the names of `Listening`."""
        return {
            "host": self.host,
            "port": self.port,
            "workers": self.workers,
            "tls_cert": self.tls_cert,
            "tls_key": self.tls_key,
        }

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings with what was said for this start in them. Raise SettingsError."""
        listening = settings.listening.with_flags(**self.flags())
        by_flags = self.tls_cert or self.tls_key
        check_certificate(listening, "bad_arguments" if by_flags else "not_set_up")
        return replace(settings, listening=listening)

    def to_remember(self) -> dict[str, Any]:
        """Return what `serve.json` keeps, so that the gateway can be started the same way.

        What only a setting says is not of it: the setting may change.
        """
        return {
            "host": self.host,
            "port": self.port,
            "workers": self.workers,
            "sandbox": self.sandbox,
            "tlsCert": str(self.tls_cert.absolute()) if self.tls_cert else None,
            "tlsKey": str(self.tls_key.absolute()) if self.tls_key else None,
            # By it a copy of the skill that comes without a gateway starts this one.
            "program": [sys.executable, str(PROGRAM)],
        }


def serve(options: ServeOptions, factory: str = APP) -> None:
    """Serve until a signal comes. Raise OperatorError, and Stopped where it comes before the first request.

    `factory` names the function that makes the ASGI application of settings, vault and clock.
    """
    signals = EndingSignals()
    signals.take()
    settings = load_settings(os.environ, sandbox=options.sandbox, data_dir=options.data_dir)
    settings = options.applied_to(settings)
    with ExitStack() as stack:
        try:
            _serve(stack, settings, options, factory, signals)
        finally:
            signals.ignore()


def _serve(
    stack: ExitStack, settings: Settings, options: ServeOptions, factory: str, signals: EndingSignals
) -> None:
    """Start one thing after the other, each to be ended by `stack`, and serve."""
    folder = DataFolder.prepare(settings.data_dir)
    folder.lock()
    stack.callback(folder.unlock)
    set_up_logging(settings.log_format, settings.data_dir)
    if settings.database_url is None and (claim := claim_of_share(folder.path)):
        stack.callback(claim.release)
        claim.take()
    listening = settings.listening
    listener = listen(listening.host, listening.port)
    stack.callback(listener.close)
    url, origin = addresses(listener, listening.host, "https" if listening.tls_cert else "http")
    settings = settings.with_origin(origin)
    warn_at_start(settings)
    stand_in = None
    if settings.sandbox and settings.amazon_origin is None:
        callbacks = [settings.public_url + path for path in CALLBACK_PATHS.values()]
        child = StandInProcess.start(settings.data_dir, os.environ, callbacks)
        stack.callback(child.stop)
        stand_in = child.document
        settings = settings.with_stand_in(stand_in)
    clock = SystemClock()
    ready = _ready_document(settings, url)

    def announce() -> None:
        folder.remember_options(options.to_remember())
        running = {key: value for key, value in ready.items() if key not in {"ok", "dataDir"}}
        started = datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds")
        folder.announce({**running, "version": version(), "startedAt": started})
        start_line.write(settings, url, listening.workers)
        with suppress(OSError):
            print(json.dumps(ready), flush=True)
        service_manager.notify("READY=1", os.environ)

    worker = WorkerConfig(settings.data_dir, options.sandbox, origin, stand_in, factory, options.flags())
    with open_when_it_answers(settings, clock) as vault:
        _prepare(vault, folder, settings.bootstrap_key)
        start_line = StartLine.of(vault)
        if listening.workers == 1:
            metrics_folder.leave_out()
            reloader = worker.reloader(settings, vault, clock)
            app = reloader.make(settings)
            signals.check()
            _run_one(settings, listener, app, announce, reloader)
            return
    metrics_folder.prepare(settings.data_dir)
    # Every worker opens the vault for itself.
    worker.to_environment()
    signals.check()
    _run_several(settings, listener, announce)


def _prepare(vault: Vault, folder: DataFolder, bootstrap: Secret | None) -> None:
    """Make the user `owner` and its key where they are wanted, and settle what was left unfinished."""
    if vault.master_key.generated:
        events.warning(
            log,
            "master_key_made",
            masterKeyId=vault.master_key.key.id,
            place=vault.master_key.place,
            hint="The vault opens with no other: keep a copy.",
        )
    ensure_first_key(vault.users, folder, bootstrap, shared=not vault.database.is_sqlite)
    if vault.database.is_sqlite:
        # The folder's lock is ours, so nobody else can be at an exchange.
        vault.attempts.settle_interrupted()
        vault.leases.settle_interrupted()
        vault.purpose_tokens.settle_interrupted()


def _run_one(
    settings: Settings,
    listener: socket.socket,
    app: Callable[..., Any],
    announce: Callable[[], None],
    reloader: Reloader,
) -> None:
    server = GatewayServer(_uvicorn_config(settings, app), announce, reloader)
    try:
        server.run(sockets=[listener])
    except Stopped:
        # uvicorn stops gracefully, and raises the signal again when it has.
        if not server.started:
            raise
    except SystemExit:
        raise _not_started() from None


def _run_several(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
    config = _uvicorn_config(settings, "gateway.server.workers:create_worker_app")
    workers = Workers(config, listener, announce)
    workers.run()
    if workers.asked_to_stop and not workers.served:
        raise Stopped
    if not workers.served:
        raise _not_started()
    if not workers.asked_to_stop:
        # The one document is printed already; uvicorn has logged why no worker can be started any more.
        raise SystemExit(EXIT_CODES["gateway_failed"])


def _not_started() -> OperatorError:
    return OperatorError(
        "the gateway failed while it started", "Read the reason above this document, on standard error."
    )


def _uvicorn_config(settings: Settings, app: Callable[..., Any] | str) -> uvicorn.Config:
    # No access log: it prints the codes of callbacks.
    listening = settings.listening
    config, protocol = (
        (TlsConfig, "gateway.server.tls:TlsProtocol")
        if listening.tls_cert
        else (uvicorn.Config, "gateway.server.http_protocol:Protocol")
    )
    return config(
        app,
        factory=isinstance(app, str),
        loop=_event_loop(settings),
        http=protocol,
        backlog=TLS_BACKLOG if listening.tls_cert else BACKLOG,
        workers=listening.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `reloading.py` sees to those
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS + SLOW_CLIENT_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=listening.tls_cert,
        ssl_keyfile=listening.tls_key,
    )


def _event_loop(settings: Settings) -> str:
    """Return the event loop to serve on, as uvicorn names it."""
    # Windows's own loop, which takes more sockets, cannot wait for psycopg's connections.
    if os.name == "nt" and settings.database_url is not None:
        return "asyncio:SelectorEventLoop"
    # uvloop hands on what comes first on a connection, before TLS can be begun there.
    return "asyncio" if settings.listening.tls_cert else "auto"


def _ready_document(settings: Settings, url: str) -> dict[str, Any]:
    ready: dict[str, Any] = {
        "ok": True,
        "url": url,
        "dataDir": str(settings.data_dir),
        "sandbox": settings.sandbox,
        "pid": os.getpid(),
    }
    if settings.amazon_origin is not None:
        ready["sandboxUrl"] = settings.amazon_origin
    return ready
