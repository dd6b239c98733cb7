"""What an operator does beside a gateway, by the gateway's own program.

`local_gateway.py` passes the operator's words on to that program. Tests of what a command does run it
directly; `tests/journeys/test_canary.py` and a few others go through the script.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

from tests.support import warm_python
from tests.support.house import PATIENCE, ROOT, Finished, House

PROGRAM = ROOT / "gateway" / "__main__.py"
Started = warm_python.WarmProcess | subprocess.Popen[str]


def begin(house: House, *words: str) -> Started:
    """Start a command whose output is not looked at, in a process group of its own."""
    with Path(os.devnull).open("wb") as nothing:
        return warm_python.start(
            warm_python.GATEWAY,
            PROGRAM,
            *_to(house, words),
            environment=house.environment,
            folder=house.home,
            stdout=nothing.fileno(),
            stderr=nothing.fileno(),
            new_session=True,
        )


def operate(house: House, *words: str, **more: str) -> Finished:
    """Run a command to its end; `more` are further environment variables ('' removes one)."""
    environment = {name: value for name, value in {**house.environment, **more}.items() if value != ""}
    done = warm_python.run(
        warm_python.GATEWAY,
        PROGRAM,
        *_to(house, words),
        environment=environment,
        folder=house.home,
        timeout=PATIENCE,
    )
    return Finished(words[0], done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def operate_well(house: House, *words: str, **more: str) -> dict[str, Any]:
    """Run a command that has to succeed and return its document."""
    done = operate(house, *words, **more)
    assert done.code == 0, f"{words}: exit {done.code}\n{done.stdout}\n{done.stderr[-2000:]}"
    return done.document


def _to(house: House, words: tuple[str, ...]) -> list[str]:
    """Return a command's words with the house's data folder."""
    command, *further = words
    return [command, "--data-dir", str(house.data_dir), *further]
