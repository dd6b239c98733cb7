"""What local_gateway.py does: each command finds its data folder, acts, and answers the document's fields."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from linkfox_client import local_gateway
from linkfox_client.child import replace_with


def serve(options: SimpleNamespace) -> NoReturn:
    """Become the gateway, in the foreground; it prints its own document."""
    words = local_gateway.program("serve", _named_folder(options), _flags(options))
    replace_with(words[0], words, os.environ)


def start(options: SimpleNamespace) -> dict[str, Any]:
    """Start the gateway in the background unless it runs; `started` tells whether this call did it."""
    data_dir = _named_folder(options)
    running, started = local_gateway.start(data_dir, _flags(options))
    log = str(data_dir / "gateway.log")
    return {"running": True, "started": started, "dataDir": str(data_dir), **running.facts(), "log": log}


def stop(options: SimpleNamespace) -> dict[str, Any]:
    """Stop the gateway and wait until it has ended; `stopped` tells whether there was one."""
    data_dir = _known_folder(options)
    stopped = local_gateway.stop(data_dir)
    return {"running": False, "stopped": stopped is not None, "dataDir": str(data_dir)}


def status(options: SimpleNamespace) -> dict[str, Any]:
    """Whether the gateway runs, and where."""
    data_dir = _known_folder(options)
    running = local_gateway.probe(data_dir)
    facts = running.facts() if running else {}
    set_up = local_gateway.is_set_up(data_dir)
    return {"running": running is not None, "setUp": set_up, "dataDir": str(data_dir), **facts}


def add_user(options: SimpleNamespace) -> dict[str, Any]:
    """Add a user whose API key goes into the new file `--key-file`, and nowhere else."""
    return local_gateway.add_user(_known_folder(options), options.name, Path(options.key_file).absolute())


COMMANDS: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "serve": serve,
    "start": start,
    "stop": stop,
    "status": status,
    "add-user": add_user,
}


def _flags(options: SimpleNamespace) -> list[str]:
    """The flags of the gateway's program: what was given, paths made absolute."""
    values = {
        "--host": options.host,
        "--port": options.port,
        "--workers": options.workers,
        "--tls-cert": options.tls_cert and Path(options.tls_cert).absolute(),
        "--tls-key": options.tls_key and Path(options.tls_key).absolute(),
    }
    given = [word for flag, value in values.items() if value is not None for word in (flag, str(value))]
    return ["--sandbox", *given] if options.sandbox else given


def _named_folder(options: SimpleNamespace) -> Path:
    """The folder of the gateway to start: the sandbox's, or the real one's."""
    return local_gateway.data_folder(local_gateway.read_settings(os.environ), sandbox=options.sandbox)


def _known_folder(options: SimpleNamespace) -> Path:
    """The sandbox's folder if it was named; else that of the gateway which scripts would use."""
    settings = local_gateway.read_settings(os.environ)
    named = local_gateway.data_folder(settings, sandbox=options.sandbox)
    return named if options.sandbox else local_gateway.locate(settings) or named
