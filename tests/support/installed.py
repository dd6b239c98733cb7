"""Packages of others in folders of their own, made once from what is pinned and kept beside `.venv`.

A folder says in `installed.txt` what it was made from; a second run costs that comparison. Without a registry
nothing is made: the tests that want it are skipped and say so, and fail only where `CI` is set. Where the
program that would install them is missing, they are skipped there, too.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALL_SECONDS = 600


class NotInstalled(Exception):
    """The packages could not be had. The message says why."""


class ProgramMissing(NotInstalled):
    """The program is not here that would install them."""


@contextlib.contextmanager
def or_skip() -> Iterator[None]:
    """Skip the test where packages cannot be had; fail it on the machine that decides (`CI`)."""
    try:
        yield
    except NotInstalled as reason:
        if os.environ.get("CI") and not isinstance(reason, ProgramMissing):
            raise
        pytest.skip(str(reason))


def python_environment(folder: Path, requirements: Path) -> Path:
    """Make a virtual environment of pinned packages; return its interpreter. Raise NotInstalled.

    With the pip that is here, and without compiling the many modules that no test imports.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
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
        raise ProgramMissing("node and npm are not here; Debian: `apt install nodejs npm`")
    lock = package / "package-lock.json"
    with _unless_made(folder, "", lock) as wanted:
        if wanted:
            folder.mkdir(exist_ok=True)
            for file in (lock, package / "package.json"):
                shutil.copy(file, folder)
            _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    return folder


@contextlib.contextmanager
def _unless_made(folder: Path, more: str, pinned: Path) -> Iterator[bool]:
    """Tell whether a folder is to be made, one process at a time; note in it what it was made from."""
    wanted = f"{more} {hashlib.sha256(pinned.read_bytes()).hexdigest()}"
    note = folder / "installed.txt"
    with FileLock(f"{folder}.lock"):
        made = note.is_file() and note.read_text(encoding="utf-8") == wanted
        yield not made
        if not made:
            note.write_text(wanted, encoding="utf-8")


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NotInstalled(f"{Path(command[0]).name} could not install: {problem}") from None
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise NotInstalled(f"{Path(command[0]).name} could not install: {' '.join(last)[:300]}")
