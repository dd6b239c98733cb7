"""The gateway on this machine: where its data folder is, whether it runs, how to start and to stop it.

A gateway runs while a process holds `gateway.lock` in its data folder; `gateway.json` beside it tells where
it listens. Its owner's key is handed out only meanwhile: a port that was left can be taken by anybody.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkfox_client import config, paths
from linkfox_client.errors import EXIT_CODES, ClientError
from linkfox_client.local.process_lock import is_held, try_exclusive
from linkfox_client.private_files import (
    NotPrivate,
    UnsafePlace,
    is_private_folder,
    read_private,
    replace_private,
)
from linkfox_client.secrets.secret import Secret

PROGRAM = paths.BUNDLE / "gateway" / "__main__.py"
PATIENCE = 60.0  # seconds that a start, or a stop, may take
FAILURE_SHARED = 5.0  # seconds in which scripts that ask take a start that failed for an answer
_ANSWER_SECONDS = 10
_LONGEST_KEY = 4096
_PAUSE = 0.05
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True)
class Running:
    """A gateway that takes requests, as its `gateway.json` tells."""

    url: str
    pid: int
    sandbox: bool
    sandbox_url: str | None = None
    version: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the fields for a document."""
        optional = {"sandboxUrl": self.sandbox_url, "version": self.version}
        facts = {"url": self.url, "sandbox": self.sandbox, "pid": self.pid}
        return facts | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True)
class LocalGateway:
    """A running gateway and its owner's API key: the pair that a script calls with."""

    url: str
    key: Secret
    sandbox: bool
    data_dir: Path


def data_folder(settings: Mapping[str, str], *, sandbox: bool) -> Path:
    """Return the data folder of a gateway that is named: `GATEWAY_DATA_DIR`, else the default of its kind.

    `settings`: what `read_settings` answered. Raise ClientError (`not_set_up`) where the variable is no
    absolute path.
    """
    given = settings.get("GATEWAY_DATA_DIR")
    if given:
        if not Path(given).is_absolute():
            raise ClientError(
                "not_set_up",
                "GATEWAY_DATA_DIR is not an absolute path",
                "Write the path out in full, from the root.",
            )
        return Path(given)
    try:
        share = paths.data_folder()
    except RuntimeError:
        raise ClientError(
            "not_set_up",
            "This user has no home folder, where a local gateway would keep its data",
            "Set HOME, or name a folder for the gateway with GATEWAY_DATA_DIR.",
        ) from None
    # Whatever stands in for Amazon makes a sandbox of the gateway, so it lives with the sandboxes.
    return share / ("gateway-sandbox" if sandbox or settings.get("AMAZON_ORIGIN") else "gateway")


def locate(settings: Mapping[str, str]) -> Path | None:
    """Return the data folder of the gateway that was set up here, the real one first; None without any."""
    if not settings.get("GATEWAY_DATA_DIR") and not _has_home():
        return None
    folders = (data_folder(settings, sandbox=sandbox) for sandbox in (False, True))
    return next((folder for folder in folders if is_set_up(folder)), None)


def _has_home() -> bool:
    try:
        Path.home()
    except RuntimeError:  # in a container, a user id that nobody entered anywhere
        return False
    return True


def is_set_up(data_dir: Path) -> bool:
    """Tell whether a gateway was started in `data_dir` at least once, or is being started."""
    return (data_dir / "owner.key").is_file() or is_held(data_dir / "gateway.lock")


def probe(data_dir: Path) -> Running | None:
    """Return the gateway that takes requests on `data_dir`, or None where none does (yet)."""
    if not is_held(data_dir / "gateway.lock"):
        return None
    told = _read_json(data_dir / "gateway.json")
    url, pid = told.get("url"), told.get("pid")
    # A killed gateway leaves its file behind, and until the next one has removed it the lock is held again.
    if not isinstance(url, str) or not isinstance(pid, int) or not _is_alive(pid):
        return None
    sandbox_url, version = told.get("sandboxUrl"), told.get("version")
    return Running(
        url=url,
        pid=pid,
        sandbox=told.get("sandbox") is True,
        sandbox_url=sandbox_url if isinstance(sandbox_url, str) else None,
        version=version if isinstance(version, str) else None,
    )


def read_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of this module, `environ` over the `.env` files.

    Raise ClientError for a bad file.
    """
    return config.read(environ, config.LOCAL_NAMES)


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
    check_private(data_dir)
    running = probe(data_dir)
    if running is None:
        may_start = settings.get("LINKFOX_AUTOSTART", "").lower() != "off"
        if not may_start and not is_held(data_dir / "gateway.lock"):
            raise ClientError(
                "not_set_up",
                "The local gateway is not running, and LINKFOX_AUTOSTART is off",
                "Start it with `python3 scripts/local_gateway.py start`.",
            )
        running, _ = start(data_dir, remembered_flags(data_dir), patience=patience, shares_failure=True)
    return LocalGateway(running.url, owner_key(data_dir), running.sandbox, data_dir)


def owner_key(data_dir: Path) -> Secret:
    """Return the API key of the user `owner`, from a file that nobody else can read. Raise ClientError."""
    path = data_dir / "owner.key"
    try:
        return Secret(read_private(path, _LONGEST_KEY).strip())
    except NotPrivate as problem:
        raise ClientError(
            "not_set_up",
            str(problem),
            "Revoke that key, remove the file, and start the gateway again: it makes a new one.",
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ClientError(
            "not_set_up",
            f"The owner's key {path} cannot be read: {getattr(problem, 'strerror', None) or 'not text'}",
            "Stop and start the gateway: it makes a key where there is none.",
        ) from None


def check_private(data_dir: Path) -> None:
    """Raise ClientError unless `data_dir` is ours alone: others could pose as the gateway there."""
    if not is_private_folder(data_dir):
        raise ClientError(
            "not_set_up",
            f"The data folder {data_dir} is a link, belongs to somebody else, or is open to others",
            "Make it a folder of your own with `chmod 700`, or name another one with GATEWAY_DATA_DIR.",
        )


def program(command: str, data_dir: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command line of the gateway's own program, under the interpreter that has its packages.

    Raise ClientError (`not_set_up`) where this copy of the bundle comes without a gateway.
    """
    if not PROGRAM.is_file():
        raise ClientError(
            "not_set_up",
            "This copy of the skill comes without a gateway",
            "Run local_gateway.py in the whole project, or use the hosted gateway.",
        )
    venv_python = paths.python_of(paths.BUNDLE / ".venv")
    python = str(venv_python) if venv_python.is_file() else sys.executable
    # -I: nothing is imported from the working directory, nor from where PYTHONPATH says.
    return [python, "-I", str(PROGRAM), command, "--data-dir", str(data_dir), *arguments]


def beside(data_dir: Path, command: str, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Run a command of the gateway's program beside the gateway on `data_dir`, whether that runs or not.

    Returns the fields of its document. Raise ClientError with the gateway's own error.
    """
    words = program(command, data_dir, arguments)
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603
    document = _document(done.stdout)
    if done.returncode or document.get("ok") is not True:
        raise _own_error(document, done.returncode, f"{command} failed", "Read the lines above it.")
    return {name: value for name, value in document.items() if name != "ok"}


def remembered_flags(data_dir: Path) -> list[str]:
    """Return the flags of the last `start` or `serve` on this folder, out of its `serve.json`."""
    told = _read_json(data_dir / "serve.json")
    names = {
        "host": "--host",
        "port": "--port",
        "workers": "--workers",
        "tlsCert": "--tls-cert",
        "tlsKey": "--tls-key",
    }
    flags = ["--sandbox"] if told.get("sandbox") is True else []
    for name, flag in names.items():
        if isinstance(told.get(name), str | int):
            flags += [flag, str(told[name])]
    return flags


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
                    _raise_shared(data_dir, began)
                try:
                    running = _launch(data_dir, flags, deadline)
                except ClientError as failure:
                    _share(data_dir, failure)
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


def readiness(running: Running, data_dir: Path) -> dict[str, Any]:
    """Return what the gateway says of itself.

    That is `ready`, `checks`, and `attention`: what somebody should look after.

    Nothing where it cannot be asked, as behind a certificate that this machine does not trust.
    """
    import requests

    with requests.Session() as session:
        session.trust_env = False
        try:
            # On loopback it would tell without a key; on another address of this machine it would not.
            check_private(data_dir)
            key = {"Authorization": owner_key(data_dir).reveal()}
            answer = session.get(
                running.url + "/readyz", headers=key, timeout=_ANSWER_SECONDS, allow_redirects=False
            )
            document = answer.json()
        except (ClientError, requests.RequestException, ValueError):
            return {}
    if not isinstance(document, dict) or not isinstance(document.get("checks"), dict):
        return {}
    found = {"ready": document.get("status") == "ready", "checks": document["checks"]}
    return found | ({"attention": document["attention"]} if document.get("attention") else {})


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
            raise _own_error(
                _document(stdout.read(65536)),
                child.returncode,
                "The local gateway did not start",
                f"Look into {data_dir / 'gateway.log'}.",
            )
    child.returncode = 0  # it goes on without us, on purpose: no warning about that
    return running


def _share(data_dir: Path, failure: ClientError) -> None:
    """Leave word, for those who wait, of how a start failed."""
    told = {"at": time.time(), "error": failure.error()}
    with contextlib.suppress(OSError, UnsafePlace):  # then each finds out for itself
        replace_private(data_dir / "start-failed.json", json.dumps(told).encode())


def _raise_shared(data_dir: Path, began: float) -> None:
    """Raise the failure of a start that ended while we waited, or just before (`began`: epoch seconds)."""
    told = _read_json(data_dir / "start-failed.json")
    at = told.get("at")
    if isinstance(at, float) and began - FAILURE_SHARED <= at <= time.time():
        raise _own_error(told, 1, "", f"Look into {data_dir / 'gateway.log'}.")


def _detached() -> dict[str, Any]:
    """Return what makes a child outlive the terminal and the process group of its parent."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _document(printed: bytes) -> dict[str, Any]:
    try:
        document = json.loads(printed)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _own_error(document: dict[str, Any], exit_code: int, what: str, otherwise: str) -> ClientError:
    """Return the failure that the gateway's program printed.

    Where it printed none, `otherwise` is the hint.
    """
    error = document.get("error")
    if not isinstance(error, dict) or error.get("code") not in EXIT_CODES:
        return ClientError(
            "gateway_failed", f"{what}: its program ended with exit code {exit_code}", otherwise
        )
    return ClientError(
        error["code"],
        f"{what}: {error.get('message')}" if what else str(error.get("message")),
        str(error.get("hint")),
        retryable=error.get("retryable") is True,
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # there os.kill ends the process, whatever the signal
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's: the gateway of this folder is ours
        return False
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Tell whether a process is over, though its parent has not asked for its exit code.

    In a container there is often nobody who does.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:1]
    except OSError:  # no such file system, or the process went meanwhile, which the next look finds
        return False
    return state in ([b"Z"], [b"X"])


def _ask_to_end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:  # it ended by itself
        return
