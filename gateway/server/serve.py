"""The gateway as a process: from a locked data folder to a server that takes requests, and back."""

import json
import logging
import os
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from gateway.errors import EXIT_CODES, OperatorError
from gateway.monitoring import metrics_folder
from gateway.monitoring.logs import set_up_logging
from gateway.server.data_folder import DataFolder
from gateway.server.ending_signals import EndingSignals, Stopped
from gateway.server.gateway_server import GRACE_SECONDS, SLOW_CLIENT_SECONDS, GatewayServer
from gateway.server.listener import BACKLOG, addresses, listen
from gateway.server.sandbox_process import StandInProcess
from gateway.server.start_line import StartLine
from gateway.server.tls import TLS_BACKLOG, TlsConfig
from gateway.server.workers import WorkerConfig, Workers, make_app
from gateway.settings.applications import CALLBACK_PATHS
from gateway.settings.loading import load_settings
from gateway.settings.settings import Settings
from gateway.util import events
from gateway.util.clock import SystemClock
from gateway.util.command_names import as_called_here
from gateway.util.paths import PROGRAM
from gateway.vault.users import OWNER
from gateway.vault.vault import Vault, open_vault

APP = "gateway.app:create_app"
KEEP_ALIVE_SECONDS = 30

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line said; its defaults are in `cli/commands.json`."""

    host: str
    port: int
    workers: int
    sandbox: bool
    tls_cert: Path | None
    tls_key: Path | None
    data_dir: Path | None

    def to_remember(self) -> dict[str, Any]:
        """Return what `serve.json` keeps, so that the gateway can be started the same way."""
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
    _check_tls(options)
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
    listener = listen(options.host, options.port)
    stack.callback(listener.close)
    url, origin = addresses(listener, options.host, "https" if options.tls_cert else "http")
    settings = settings.with_origin(origin)
    set_up_logging(settings.log_format, settings.data_dir)
    for path in settings.readable_files:
        events.warning(log, "secret_readable", file=path)
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
        folder.announce({**running, "startedAt": started})
        start_line.write(settings, url, options.workers)
        with suppress(OSError):
            print(json.dumps(ready), flush=True)

    with open_vault(settings, clock) as vault:
        _prepare(vault, folder)
        start_line = StartLine.of(vault)
        if options.workers == 1:
            metrics_folder.leave_out()
            app = make_app(factory, settings, vault, clock)
            signals.check()
            _run_one(options, settings, listener, app, announce)
            return
    metrics_folder.prepare(settings.data_dir)
    # Every worker opens the vault for itself.
    WorkerConfig(settings.data_dir, options.sandbox, origin, stand_in, factory).to_environment()
    signals.check()
    _run_several(options, settings, listener, announce)


def _prepare(vault: Vault, folder: DataFolder) -> None:
    """Make the user `owner` and its key where they are wanted, and settle what was left unfinished."""
    if vault.master_key.generated:
        events.warning(
            log,
            "master_key_made",
            masterKeyId=vault.master_key.key.id,
            place=vault.master_key.place,
            hint="The vault opens with no other: keep a copy.",
        )
    _ensure_owner_key(vault, folder)
    if vault.database.is_sqlite:
        # The folder's lock is ours, so nobody else can be at an exchange.
        vault.attempts.settle_interrupted()
        vault.leases.settle_interrupted()
        vault.purpose_tokens.settle_interrupted()


def _ensure_owner_key(vault: Vault, folder: DataFolder) -> None:
    """Make the user `owner`, and the key of the scripts on this machine.

    A SQLite is this folder's own, so it gets a key where it has none that works, as after a backup was
    restored. A PostgreSQL is other folders', too: only who makes its first user gets one, else each new
    folder would leave another key with all rights behind.
    """
    first = vault.users.ensure_owner()
    known = folder.owner_key()
    if known is not None and vault.users.authenticate(known.reveal()) is not None:
        return
    if first or vault.database.is_sqlite:
        _, key = vault.users.issue_key(OWNER)
        folder.write_owner_key(key)
    else:
        command = as_called_here("python3 scripts/local_gateway.py add-user")
        hint = f"If scripts need one here: {command} {OWNER} --key-file {folder.path / 'owner.key'}"
        events.info(log, "no_owner_key", user=OWNER, hint=hint)


def _run_one(
    options: ServeOptions,
    settings: Settings,
    listener: socket.socket,
    app: Callable[..., Any],
    announce: Callable[[], None],
) -> None:
    server = GatewayServer(_uvicorn_config(options, settings, app), announce)
    try:
        server.run(sockets=[listener])
    except Stopped:
        # uvicorn stops gracefully, and raises the signal again when it has.
        if not server.started:
            raise
    except SystemExit:
        raise _not_started() from None


def _run_several(
    options: ServeOptions, settings: Settings, listener: socket.socket, announce: Callable[[], None]
) -> None:
    config = _uvicorn_config(options, settings, "gateway.server.workers:create_worker_app")
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


def _uvicorn_config(
    options: ServeOptions, settings: Settings, app: Callable[..., Any] | str
) -> uvicorn.Config:
    # No access log: it prints the codes of callbacks. Headers that a proxy adds are believed of those that
    # the owner named; the list is always given, since uvicorn would take another one from its environment.
    config, protocol = (
        (TlsConfig, "gateway.server.tls:TlsProtocol")
        if options.tls_cert
        else (uvicorn.Config, "gateway.server.http_protocol:Protocol")
    )
    return config(
        app,
        factory=isinstance(app, str),
        loop=_event_loop(settings, options),
        http=protocol,
        backlog=TLS_BACKLOG if options.tls_cert else BACKLOG,
        workers=options.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS + SLOW_CLIENT_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
    )


def _event_loop(settings: Settings, options: ServeOptions) -> str:
    """Return the event loop to serve on, as uvicorn names it."""
    # Windows's own loop, which takes more sockets, cannot wait for psycopg's connections.
    if os.name == "nt" and settings.database_url is not None:
        return "asyncio:SelectorEventLoop"
    # uvloop hands on what comes first on a connection, before TLS can be begun there.
    return "asyncio" if options.tls_cert else "auto"


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


def _check_tls(options: ServeOptions) -> None:
    if options.tls_cert is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(options.tls_cert, options.tls_key)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "they do not belong together, or are not in PEM form"
        raise OperatorError(
            f"the certificate and key of --tls-cert and --tls-key cannot be used ({reason})",
            "Name a certificate chain and its unencrypted private key, both PEM.",
            "bad_arguments",
        ) from None
