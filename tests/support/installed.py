"""Packages of others in folders of their own, made once from what is pinned and kept beside `.venv`.

A folder says in `installed.txt` what it was made from; a second run costs that comparison. Where the registry
or the program that would install them is away nothing is made, and the tests that want it are skipped and say
so: a run asks for each folder once. What was pinned and cannot be installed fails where `CI` is set.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALL_SECONDS = 600
BEGAN = time.time()
# What pip and npm say, in their warnings or errors, where the registry does not answer or is out of order.
AWAY = re.compile(
    r"[Cc]onnection (broken|error|aborted)|[Tt]imed out|name resolution|socket hang up|"
    r"HTTP error (429|5\d\d)\b|too many \d+ error|"
    r"\bE(CONN\w+|NOTFOUND|TIMEDOUT|AI_AGAIN|NETUNREACH|HOSTUNREACH|429|5\d\d)\b"
)


class NotInstalled(Exception):
    """The packages could not be had. The message says why."""


class NotHere(NotInstalled):
    """The registry, or the program that would install them, is not to be had: nothing is wrong with them."""


@contextlib.contextmanager
def or_skip() -> Iterator[None]:
    """Skip the test where packages cannot be had; on the machine that decides (`CI`) fail it for bad pins."""
    try:
        yield
    except NotInstalled as reason:
        if os.environ.get("CI") and not isinstance(reason, NotHere):
            raise
        pytest.skip(str(reason))


def python_environment(folder: Path, requirements: Path) -> Path:
    """Make a virtual environment of pinned packages; return its interpreter. Raise NotInstalled.

    With the pip that is here, and without compiling the many modules that no test imports.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
    pip += ["--retries", "1"]
    pip += ["--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
    commands = [
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)],
        [*pip, "-r", str(requirements)],
    ]
    with _unless_made(folder, f"{sys.version_info[:2]}", requirements) as wanted:
        if wanted:
            for command in commands:
                _run(command, folder.parent)
    return python


def node_packages(folder: Path, package: Path) -> Path:
    """Install what `package/package-lock.json` pins; return the folder, for programs to run in.

    Raise NotInstalled.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("node and npm are not here; Debian: `apt install nodejs npm`")
    lock = package / "package-lock.json"
    with _unless_made(folder, "", lock) as wanted:
        if wanted:
            folder.mkdir(exist_ok=True)
            for file in (lock, package / "package.json"):
                shutil.copy(file, folder)
            quickly = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
            _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *quickly], folder)
    return folder


@contextlib.contextmanager
def _unless_made(folder: Path, more: str, pinned: Path) -> Iterator[bool]:
    """Tell whether a folder is to be made, one process at a time; note in it what it was made from.

    Raise NotInstalled where another test of this run, in whichever process, could not make it.
    """
    wanted = f"{more} {hashlib.sha256(pinned.read_bytes()).hexdigest()}"
    note, failed = folder / "installed.txt", folder.with_name(f"{folder.name}.failed")
    with FileLock(f"{folder}.lock"):
        made = note.is_file() and note.read_text(encoding="utf-8") == wanted
        if not made:
            if failed.is_file() and failed.stat().st_mtime >= BEGAN:
                raise _reason(failed.read_text(encoding="utf-8"))
            note.unlink(missing_ok=True)
        try:
            yield not made
        except NotInstalled as reason:
            failed.write_text(str(reason), encoding="utf-8")
            raise
        if not made:
            note.write_text(wanted, encoding="utf-8")


def _run(command: list[str], folder: Path) -> None:
    program = f"{Path(command[0]).name} could not install"
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _reason(f"{program}: it timed out after {INSTALL_SECONDS} s") from None
    except OSError as problem:
        raise _reason(f"{program}: {problem}") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        telling = [line for line in lines if AWAY.search(line)] or lines[-1:]
        raise _reason(f"{program}: {' '.join(telling[:1])[:300]}")


def _reason(words: str) -> NotInstalled:
    """Return the failure that these words tell of."""
    return (NotHere if AWAY.search(words) else NotInstalled)(words)
