"""Make the bundle's `.venv` and install pinned requirements into it; standard library only.

It is what `quickstart.py` and `tests/run.py` begin with, so it runs before any package is there.
Every download is checked against the hashes in the requirements file. What was installed is recorded in
the environment itself, so a second run costs a comparison and an interrupted one is simply done again.
"""

import contextlib
import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from linkfox_client import OLDEST_PYTHON
from linkfox_client.paths import BUNDLE, python_of

# Each file, with those that hold everything that it holds. All pin the same versions.
SMALLEST = "requirements.txt"
HOLDERS = {
    SMALLEST: ("requirements-gateway.txt", "requirements-mcp.txt", "requirements-dev.txt"),
    "requirements-gateway.txt": ("requirements-dev.txt",),
    "requirements-mcp.txt": ("requirements-dev.txt",),
    "requirements-dev.txt": (),
}
RECORD = "linkfox-installed.json"

NO_VENV = (
    "Install Python's venv module (Debian and Ubuntu: `apt install python3-venv`; "
    "elsewhere Python from python.org brings it), then run the same command again."
)


class SetupError(Exception):
    """The environment could not be made. `hint` is the one thing to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def ensure(
    requirements: str, *, bundle: Path = BUNDLE, notify: Callable[[str], None] = lambda line: None
) -> Path:
    """Make `bundle/.venv` hold what the file `requirements` pins; return its interpreter's path.

    `notify` receives progress lines for a person. Raise SetupError: no venv module, no network,
    a hash that does not match, a full disk.
    """
    venv = bundle / ".venv"
    with _one_at_a_time(bundle / SMALLEST):
        if _installed(venv, requirements, bundle):
            return python_of(venv)
        if not _works(python_of(venv)):
            notify("Making the virtual environment .venv")
            _create(venv)
        notify(f"Installing {requirements} into .venv (hashes checked)")
        _install(venv, bundle / requirements)
        _note(venv, requirements, bundle)
    return python_of(venv)


def _create(venv: Path) -> None:
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupError(f"This Python ({sys.executable}) has no {missing[0]} module", NO_VENV)
    # --clear: what a broken or interrupted run left there is of no use.
    made = _run([sys.executable, "-m", "venv", "--clear", str(venv)])
    if made.returncode:
        raise SetupError(f"Could not make {venv}: {_last_line(made)}", NO_VENV)


def _install(venv: Path, requirements: Path) -> None:
    command = [str(python_of(venv)), "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--require-hashes", "-r", str(requirements)]
    done = _run(command)
    if done.returncode:
        raise SetupError(
            f"pip could not install {requirements.name}: {_last_line(done)}",
            "Check the network, proxy and disk space, then run the same command again; "
            "a package index other than the default is taken from pip's own settings.",
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words only
        command, check=False, text=True, errors="replace", capture_output=True, stdin=subprocess.DEVNULL
    )


def _last_line(process: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (process.stderr + process.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "Error"))]
    return ([*lines[-1:], *errors[-1:]] or [f"exit code {process.returncode}"])[-1][:300]


def _works(python: Path) -> bool:
    """Tell whether `python` starts, is new enough and has pip."""
    if not python.exists():
        return False
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return _run([str(python), "-c", probe]).returncode == 0
    except OSError:  # not executable, or for another kind of machine
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _installed(venv: Path, requirements: str, bundle: Path) -> bool:
    """Tell whether this file, or one that holds it, was installed as it is now.

    The record in the environment says so.
    """
    record = _record(venv)
    enough = (requirements, *HOLDERS[requirements])
    return any(record.get(name) == _digest(bundle / name) for name in enough if (bundle / name).exists())


def _record(venv: Path) -> dict[str, str]:
    """Return what was noted in the environment; nothing where it has another interpreter now."""
    try:
        record: dict[str, str] = json.loads((venv / RECORD).read_text(encoding="utf-8"))
        kept = record.get("python") == str(python_of(venv).resolve()) and python_of(venv).exists()
    except (OSError, ValueError, AttributeError):
        return {}
    return record if kept else {}


def _note(venv: Path, requirements: str, bundle: Path) -> None:
    """Note the file beside those that were installed before, which pin the same versions."""
    record = {**_record(venv), requirements: _digest(bundle / requirements)}
    record["python"] = str(python_of(venv).resolve())
    (venv / RECORD).write_text(json.dumps(record), encoding="utf-8")


@contextlib.contextmanager
def _one_at_a_time(held: Path) -> Iterator[None]:
    """Queue a second set-up behind the first, whatever each installs; without flock there is no queue."""
    with held.open("rb") as file:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
