"""The gateway on this machine: how it is started and stopped, and how scripts come by it and its key."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from linkfox_client.config import is_same_place
from linkfox_client.errors import ClientError
from linkfox_client.local import beside
from linkfox_client.local.gateway_folder import (
    WAIT,
    Running,
    check_private,
    command,
    is_set_up,
    locate,
    owner_key,
    probe,
    read_json,
    read_settings,
    remembered_flags,
    set_up,
)
from linkfox_client.local.gateway_program import document_of, failure_of, program
from linkfox_client.local.process_lock import is_held, try_exclusive
from linkfox_client.private_files import UnsafePlace, replace_private
from linkfox_client.secrets.secret import Secret

PATIENCE = 60.0  # seconds that a start, or a stop, may take
FAILURE_SHARED = 5.0  # seconds in which scripts that ask take a start that failed for an answer
DEFAULT_PORT = "8765"  # of `serve`, as gateway/cli/commands.json says
_PAUSE = 0.05
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class LocalGateway(NamedTuple):
    """A gateway of this machine and its owner's API key: the pair that a script calls with."""

    url: str
    key: Secret
    sandbox: bool
    data_dir: Path


def locate_or_start(environ: Mapping[str, str], *, patience: float = PATIENCE) -> LocalGateway | None:
    """Return the local gateway with its owner's key, started as it was last time if it does not run.

    `environ`: the process's environment; `.env` files are read under it. None where no gateway was set
    up here. Raise ClientError: `not_set_up` (its folder or key file is not private, or it may not be
    started), the gateway's own error where it does not start, `timeout`.
    """
    settings = read_settings(environ)
    data_dir = locate(settings)
    if data_dir is None:
        return None
    running = probe(data_dir)
    if running is None:
        check_private(data_dir)
        may_start = settings.get("LINKFOX_AUTOSTART", "").lower() != "off"
        if not may_start and not is_held(data_dir / "gateway.lock"):
            raise ClientError(
                "not_set_up",
                "The local gateway is not running, and LINKFOX_AUTOSTART is off",
                f"Start it with `{command(data_dir, 'start')}`.",
            )
        running, _ = start(
            data_dir, remembered_flags(data_dir, settings), patience=patience, shares_failure=True
        )
    return of_running(running, data_dir)


def of_running(running: Running, data_dir: Path) -> LocalGateway:
    """Return the gateway that runs on `data_dir`, with its owner's key. Raise ClientError (`not_set_up`)."""
    check_private(data_dir)
    return LocalGateway(running.url, owner_key(data_dir), running.sandbox, data_dir)


def known(address: str, key: Secret, environ: Mapping[str, str]) -> LocalGateway | None:
    """Return the local gateway that a pair from the settings is: it has its address, or its owner's key.

    None for any other gateway, and where its folder could be somebody else's. Nothing is started.
    """
    try:
        folders = list(set_up(read_settings(environ)))
    except ClientError:  # who names a gateway need not have a folder for one
        return None
    for data_dir in folders:
        try:
            check_private(data_dir)
            owner = owner_key(data_dir)
        except ClientError:
            continue
        running = probe(data_dir)
        if key == owner or (running is not None and is_same_place(running.url, address)):
            return LocalGateway(address, owner, running is not None and running.sandbox, data_dir)
    return None


def not_proved(local: LocalGateway, *, answered: bool) -> ClientError:
    """Return the failure of a call whose other end did not prove to be this gateway (`local_proof.py`).

    `answered`: something came, but no proof of it. Nothing of the key was sent.
    """
    running = probe(local.data_dir)
    if running is None:
        return ClientError(
            "gateway_failed",
            f"The local gateway has ended, and another program took its address {local.url}; "
            "it was not sent the API key",
            "Run the command again: it starts the gateway, or says why that does not start.",
        )
    if not is_same_place(running.url, local.url):
        return ClientError(
            "gateway_failed",
            f"The local gateway is now at {running.url}, no longer at {local.url}",
            "Run the command again; where LINKFOX_TOOL_GATEWAY is set, correct it.",
        )
    again = f"`{command(local.data_dir, 'stop')}`, then `{command(local.data_dir, 'start')}`"
    if not answered:
        return ClientError(
            "gateway_failed",
            f"What takes connections at {local.url} did not prove in time to be the local gateway; "
            "it was not sent the API key",
            f"Run the command again; if it stays, run {again}.",
            retryable=True,
        )
    return ClientError(
        "gateway_failed",
        f"What answers at {local.url} did not prove to be the local gateway; it was not sent the API key",
        f"Run {again}: one that an older version of this skill started cannot prove it.",
    )


def start(
    data_dir: Path, flags: Sequence[str], *, patience: float = PATIENCE, shares_failure: bool = False
) -> tuple[Running, bool]:
    """Make sure that a gateway runs on `data_dir`; return it, and whether it was this call that started it.

    However many ask at once, one starts it and the others wait for that; with `shares_failure` they also
    share how it failed, where each would otherwise try once more. Raise ClientError: the gateway's own
    error where it does not start, `timeout` after `patience` seconds.
    """
    _prepare(data_dir)
    began = time.time()
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        running = probe(data_dir)
        if running is not None:
            return running, False
        with try_exclusive(data_dir / "start.lock") as mine:
            if mine and not is_held(data_dir / "gateway.lock"):
                if shares_failure:
                    _raise_shared(data_dir, flags, began)
                try:
                    running = _launch(data_dir, flags, deadline)
                except ClientError as failure:
                    if failure.reason == "port_taken":
                        _explain_taken_port(failure, data_dir, flags)
                    _share(data_dir, flags, failure)
                    raise
                if running is not None:
                    (data_dir / "start-failed.json").unlink(missing_ok=True)
                    return running, True
        time.sleep(_PAUSE)
    raise ClientError(
        "timeout",
        f"The local gateway did not take requests within {patience:.0f} seconds",
        f"Look into {data_dir / 'gateway.log'}; it may still be starting.",
        retryable=True,
    )


def stop(data_dir: Path, *, patience: float = PATIENCE) -> Running | None:
    """Ask the gateway on `data_dir` to end, and wait until it has; None where none ran.

    It finishes what it is doing first. Raise ClientError (`timeout`).
    """
    deadline = time.monotonic() + patience
    stopped = None
    while is_held(data_dir / "gateway.lock"):
        if stopped is None:  # one that is still starting tells its process id soon
            stopped = probe(data_dir)
            if stopped is not None:
                _ask_to_end(stopped.pid)
        if time.monotonic() > deadline:
            raise ClientError(
                "timeout",
                f"The local gateway did not stop within {patience:.0f} seconds",
                f"Look into {data_dir / 'gateway.log'}, then try again.",
                retryable=True,
            )
        time.sleep(_PAUSE)
    return stopped


def _prepare(data_dir: Path) -> None:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if data_dir.lstat().st_mode & 0o077 and not data_dir.lstat().st_mode & 0o022 and os.name != "nt":
            data_dir.chmod(0o700)  # others could only read it, so nothing in it can have been swapped
    except OSError as problem:
        raise ClientError(
            "not_set_up",
            f"The data folder {data_dir} cannot be made: {problem.strerror}",
            "Name a folder that you can write to with GATEWAY_DATA_DIR.",
        ) from None
    check_private(data_dir)


def _launch(data_dir: Path, flags: Sequence[str], deadline: float) -> Running | None:
    """Start a gateway that outlives this process and wait until it takes requests.

    None where it is not there at the deadline, or another one was quicker.
    """
    log = os.open(data_dir / "gateway.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_FOLLOW, 0o600)
    # A file, not a pipe: the gateway must not lose its standard output when this process ends.
    with os.fdopen(log, "ab") as log_file, tempfile.TemporaryFile() as stdout:
        child = subprocess.Popen(  # noqa: S603 - our own program, by its absolute path
            program("serve", data_dir, flags),
            cwd=data_dir,
            env=_impatient(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=log_file,
            **_detached(),
        )
        while time.monotonic() < deadline:
            running = probe(data_dir)
            if running is not None or child.poll() is not None:
                break
            time.sleep(_PAUSE)
        if running is None and child.poll() is not None:
            if is_held(data_dir / "gateway.lock"):
                return None
            stdout.seek(0)
            raise failure_of(
                document_of(stdout.read(65536)),
                child.returncode,
                "The local gateway did not start",
                f"Look into {data_dir / 'gateway.log'}.",
            )
    child.returncode = 0  # it goes on without us, on purpose: no warning about that
    return running


def _impatient(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a gateway that somebody waits for: a late database is told of at once.

    Where the setting says how long such a gateway waits for it, that holds.
    """
    return {**environ, WAIT: read_settings(environ).get(WAIT, "0")}


def _explain_taken_port(failure: ClientError, data_dir: Path, flags: Sequence[str]) -> None:
    """Say in the failure who has the port, if that is another gateway of ours, and the command that works."""
    port, kept = read_settings(os.environ).get("GATEWAY_PORT", DEFAULT_PORT), list(flags)
    if "--port" in kept:
        at = kept.index("--port")
        _, port = kept[at : at + 2]
        del kept[at : at + 2]
    if not is_set_up(data_dir) and beside.only_sandbox(os.environ) is not None:
        kept.append("--real")
    free = f"take a free port with `{command(data_dir, 'start', [*kept, '--port', '0'])}`"
    failure.hint = f"Stop the program that has it, or {free}."
    for other in beside.others(os.environ, data_dir):
        running = probe(other)
        if running is not None and str(urlsplit(running.url).port) == port:
            failure.message = f"The local gateway did not start: port {port} is taken by your other gateway, "
            failure.message += beside.described(other)
            failure.hint = f"Let both run: {free}. Or stop the other: `{command(other, 'stop')}`."


def _share(data_dir: Path, flags: Sequence[str], failure: ClientError) -> None:
    """Leave word, for those who wait, of how a start with these flags failed."""
    recorded = {"at": time.time(), "flags": list(flags), "error": failure.error()}
    with contextlib.suppress(OSError, UnsafePlace):  # then each finds out for itself
        replace_private(data_dir / "start-failed.json", json.dumps(recorded).encode())


def _raise_shared(data_dir: Path, flags: Sequence[str], began: float) -> None:
    """Raise the failure of a start that ended while we waited, or just before (`began`: epoch seconds).

    One with other flags says nothing about these: another port may be free.
    """
    recorded = read_json(data_dir / "start-failed.json")
    at = recorded.get("at")
    if recorded.get("flags") != list(flags):
        return
    if isinstance(at, float) and began - FAILURE_SHARED <= at <= time.time():
        raise failure_of(recorded, 1, "", f"Look into {data_dir / 'gateway.log'}.")


def _detached() -> dict[str, Any]:
    """Return what makes a child outlive the terminal and the process group of its parent."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _ask_to_end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:  # it ended by itself
        return
