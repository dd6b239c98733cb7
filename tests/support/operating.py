"""What an operator does beside a gateway, by the gateway's own program.

`local_gateway.py` passes the operator's words on to that program. Tests of what a command does run it
directly; `tests/journeys/test_canary.py` and a few others go through the script.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

from tests.support import warm_python
from tests.support.house import PATIENCE, ROOT, Finished, House

Started = warm_python.WarmProcess | subprocess.Popen[str]


def begin(house: House, *words: str, **more: str) -> Started:
    """Start a command whose output is not looked at, in a process group of its own.

    `more` are further environment variables; a variable set to "" is left out.
    """
    with Path(os.devnull).open("wb") as nothing:
        return _start(house, words, more, nothing, nothing)


def operate(house: House, *words: str, **more: str) -> Finished:
    """Run a command to its end."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = _start(house, words, more, output, errors)
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        errors.seek(0)
        return Finished(words[0], code, output.read().decode(), errors.read().decode())


def operate_well(house: House, *words: str, **more: str) -> dict[str, Any]:
    """Run a command that has to succeed and return its document."""
    done = operate(house, *words, **more)
    assert done.code == 0, f"{words}: exit {done.code}\n{done.stdout}\n{done.stderr[-2000:]}"
    return done.document


def _start(
    house: House, words: tuple[str, ...], more: dict[str, str], output: IO[bytes], errors: IO[bytes]
) -> Started:
    command, *further = words
    environment = {name: value for name, value in {**house.environment, **more}.items() if value != ""}
    return warm_python.start(
        warm_python.GATEWAY,
        ROOT / "gateway" / "__main__.py",
        *(command, "--data-dir", str(house.data_dir), *further),
        environment=environment,
        folder=house.home,
        stdout=output.fileno(),
        stderr=errors.fileno(),
        new_session=True,
    )
