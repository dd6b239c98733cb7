"""What local_gateway.py does: each command finds its data folder, acts, and answers the document's fields."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from linkfox_client.cli.child import replace_with
from linkfox_client.local import local_gateway


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
    """Whether the gateway runs, where, whether it is ready, and what somebody should look after."""
    data_dir = _known_folder(options)
    running = local_gateway.probe(data_dir)
    facts = running.facts() | local_gateway.readiness(running, data_dir) if running else {}
    set_up = local_gateway.is_set_up(data_dir)
    return {"running": running is not None, "setUp": set_up, "dataDir": str(data_dir), **facts}


def add_user(options: SimpleNamespace) -> dict[str, Any]:
    """Write a user's API key into the new file `--key-file`, and nowhere else; a new name is a new user."""
    words = ["--key-file", str(Path(options.key_file).absolute())]
    if options.rights is not None:
        words += ["--rights", options.rights]
    return local_gateway.beside(_known_folder(options), "add-user", [*words, "--", options.name])


def list_keys(options: SimpleNamespace) -> dict[str, Any]:
    """List all users' API keys by their ids."""
    return local_gateway.beside(_known_folder(options), "list-keys")


def revoke_key(options: SimpleNamespace) -> dict[str, Any]:
    """Refuse an API key from now on."""
    return local_gateway.beside(_known_folder(options), "revoke-key", ["--", options.name])


def rotate_master_key(options: SimpleNamespace) -> dict[str, Any]:
    """Change the master key, or finish a change that was interrupted."""
    words = []
    if options.new_key_file is not None:
        words = ["--new-key-file", str(Path(options.new_key_file).absolute())]
    return local_gateway.beside(_known_folder(options), "rotate-master-key", words)


def backup(options: SimpleNamespace) -> dict[str, Any]:
    """Copy the database, without its key, into a new file."""
    return local_gateway.beside(_known_folder(options), "backup", ["--", str(Path(options.name).absolute())])


def copy_to(options: SimpleNamespace) -> dict[str, Any]:
    """Move the database to a PostgreSQL, while the gateway is stopped."""
    words = ["--", options.name] if options.name is not None else []
    return local_gateway.beside(_known_folder(options), "copy-to", words)


def audit(options: SimpleNamespace) -> dict[str, Any]:
    """Tell who did what, the newest first."""
    given = {"--limit": options.limit, "--offset": options.offset}
    words = [word for flag, value in given.items() if value is not None for word in (flag, str(value))]
    return local_gateway.beside(_known_folder(options), "audit", words)


COMMANDS: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "serve": serve,
    "start": start,
    "stop": stop,
    "status": status,
    "add-user": add_user,
    "list-keys": list_keys,
    "revoke-key": revoke_key,
    "rotate-master-key": rotate_master_key,
    "backup": backup,
    "copy-to": copy_to,
    "audit": audit,
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
