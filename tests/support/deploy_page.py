"""The commands of `deploy/README.md`, run as an operator types them.

What an operator has of his own stands there in capitals. `sudo` changes nothing for root, and `docker` is
`docker_stand_in.py`, which has no engine: what is to run in a container is run beside the test's gateway.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.deploy_tools import DEPLOY, compose
from tests.support.house import PATIENCE, clean_environment
from tests.support.markdown import FENCE, INLINE, section
from tests.support.postgresql import PostgreSQL

PAGE = DEPLOY / "README.md"
STAND_IN = Path(__file__).with_name("docker_stand_in.py")
# What only reads or makes files, and is run as it stands.
FOR_FILES = (
    "cp ",
    "sed ",
    "echo ",
    "mkdir ",
    "openssl ",
    "python3 -c ",
    "install ",
    "sudo install ",
    "sudo ./make-secrets.sh",
)


def lines(heading: str) -> list[str]:
    """Return the command lines of a section, in their order; fail where it has none."""
    found = [
        line
        for block in FENCE.finditer(section(PAGE, heading))
        if block["language"] == "sh"
        for line in block["text"].splitlines()
    ]
    assert found, heading
    return found


def codes(heading: str, beginning: str) -> list[str]:
    """Return the commands in a section's running text that begin so, such as those of a table."""
    text = FENCE.sub("", section(PAGE, heading))
    found = [each for each in INLINE.findall(text) if each.startswith(beginning)]
    assert found, (heading, beginning)
    return found


def preparing(heading: str) -> list[str]:
    """Return the lines by which a section prepares a folder, before anything is started from it."""
    before = []
    for line in lines(heading):
        if line.startswith(FOR_FILES):
            before.append(line)
        elif before:
            break
    return before


def typed(line: str, folder: Path, values: Mapping[str, str], pasted: str = "", **variables: str) -> str:
    """Run a line in a folder with `values` in place of what stands for them; return what it printed.

    `pasted` is given to whatever asks for it. Fails where the line does.
    """
    for words, value in values.items():
        line = line.replace(words, value)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'sudo() {{ "$@"; }}\n{line}'],
        cwd=folder,
        env=clean_environment(folder, **variables),
        input=pasted,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def docker(
    folder: Path, environment: Mapping[str, str], places: Mapping[str, Path], postgresql: PostgreSQL
) -> dict[str, str]:
    """Put a `docker` into a folder; return the variables by which it is found and knows what it stands for.

    `environment`: of the gateway's container; `places`: where its folders are here; `postgresql`: what it
    knows by that name.
    """
    program = folder / "docker"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    told = {
        "environment": dict(environment),
        "places": {name: str(path) for name, path in places.items()},
        "postgresql": {"host": postgresql.folder, "programs": str(postgresql.server.bin_path)},
    }
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "STAND_IN_TOLD": str(folder / "told.json"),
        "STAND_IN_COMPOSE": str(compose()),
    }
