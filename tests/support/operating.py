"""What an operator does beside a gateway, by the gateway's own program.

`local_gateway.py` passes the operator's words on to that program. Tests of what a command does run it
directly; `tests/journeys/test_canary.py` and a few others go through the script.
"""

import os
from pathlib import Path

from tests.support import warm_python
from tests.support.house import GATEWAY, Finished, House, run_program


def begin(house: House, *words: str) -> warm_python.Started:
    """Start a command whose output is not looked at, in a process group of its own."""
    with Path(os.devnull).open("wb") as nothing:
        return warm_python.start(
            warm_python.GATEWAY,
            GATEWAY,
            *_to(house, words),
            environment=house.environment,
            folder=house.home,
            stdout=nothing.fileno(),
            stderr=nothing.fileno(),
            new_session=True,
        )


def operate(house: House, *words: str, **more: str) -> Finished:
    """Run a command to its end; `more` are further environment variables ('' removes one)."""
    environment = {**house.environment, **more}
    return run_program(
        warm_python.GATEWAY, GATEWAY, *_to(house, words), environment=environment, folder=house.home
    )


def _to(house: House, words: tuple[str, ...]) -> list[str]:
    """Return a command's words with the house's data folder."""
    command, *further = words
    return [command, "--data-dir", str(house.data_dir), *further]
