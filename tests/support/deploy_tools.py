"""What reads the files of `deploy/`: tools in an environment of their own, made once, beside `.venv`."""

import hashlib
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import PATIENCE, ROOT, clean_environment
from tests.support.installed import or_skip, python_environment
from tests.support.markdown import section

DEPLOY = ROOT / "deploy"
REQUIREMENTS = ROOT / "tests" / "deploy" / "requirements.txt"
VENV = ROOT / ".venv-deploy"
# The package has Docker's own program, which has this digest where it is released (docker/compose, v2.40.3).
COMPOSE = "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372"


@cache
def _environment() -> Path:
    return python_environment(VENV, REQUIREMENTS)


def tool(name: str) -> Path:
    """Return a program of the environment; skip the test where that cannot be had, but not in CI."""
    with or_skip():
        return _environment().with_name(name)


@cache
def compose() -> Path:
    """Return Docker Compose, which needs no engine to read files."""
    (program,) = tool("python").parent.parent.glob("lib/*/site-packages/compose/docker-compose")
    assert hashlib.sha256(program.read_bytes()).hexdigest() == COMPOSE
    return program


def installed(name: str, package: str) -> str:
    """Return the path of a program of Debian's; skip the test where it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here; Debian: `apt install {package}`")
    return path


def said(command: list[str], folder: Path, **variables: str) -> str:
    """Run a command in a folder that is its home, too; return what it printed, and fail where it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(folder, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def composed(folder: Path, file: str) -> dict[str, Any]:
    """Return what Compose makes of one of its files, with all profiles and what it extends and fills in."""
    command = [str(compose()), "--file", file, "--profile", "*", "config", "--format", "json"]
    return json.loads(said(command, folder))


def declared_variables() -> set[str]:
    """Return the variables that set something of the gateway's."""
    table = section(ROOT / "references" / "self-hosting.md", "All settings")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.M))
