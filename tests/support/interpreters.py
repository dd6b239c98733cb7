"""The Pythons of the machine that runs the tests, found by running them: a name on PATH promises nothing."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.house import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED = [
    classifier.rpartition(" ")[2]
    for classifier in PROJECT["classifiers"]
    if classifier.startswith("Programming Language :: Python :: 3.")
]
PROBE = "import json, sys; print(json.dumps(list(sys.version_info[:2])))"


def python_of(minor: str) -> str:
    """Return an interpreter of this version, as in "3.12"; where none starts, skip the test and say why."""
    found, refused = look_for(minor)
    if found is None:
        pytest.skip(f"no Python {minor} that starts: {refused or 'none on PATH'}")
    return found


@cache
def look_for(minor: str) -> tuple[str | None, str]:
    """Return an interpreter of this version and "", or None and why those that bear its name are none."""
    refused = []
    for candidate in _candidates(minor):
        said = _version(candidate)
        if said == minor:
            return str(candidate), ""
        refused.append(f"{candidate} {said}")
    return None, "; ".join(refused)


def _candidates(minor: str) -> Iterator[Path]:
    """Yield what may be this Python: the one that runs, those on PATH, and those behind a shim.

    A version manager's shim chooses by settings that a test's environment does not have.
    """
    if sys.version_info[:2] == tuple(map(int, minor.split("."))):
        yield Path(getattr(sys, "_base_executable", sys.executable))
    name = f"python{minor}" + (".exe" if os.name == "nt" else "")
    for folder in map(Path, os.environ.get("PATH", "").split(os.pathsep)):
        yield from sorted(folder.parent.glob(f"versions/{minor}.*/bin/{name}"))
        if (folder / name).is_file():
            yield folder / name


def _version(candidate: Path) -> str:
    """Return the version that `candidate` has, or what happened instead, in an environment as a test's."""
    environment = {"PATH": os.environ.get("PATH", "")}
    try:
        done = subprocess.run(
            [str(candidate), "-c", PROBE],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        version = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"does not run ({type(problem).__name__})"
    except ValueError:
        return f"is no Python (exit code {done.returncode})"
    return ".".join(map(str, version))
