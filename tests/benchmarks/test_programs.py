"""The programs behind the figures still run, each with so little to do that it says nothing about speed."""

import json
import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.house import PATIENCE, ROOT

# Runs programs by name, with some of their constants made small. One process does it for all of them: to
# import the gateway takes longer than some of them run.
RUNNER = """\
import contextlib, importlib, io, json, os, sys, traceback
from tests.support import warm_python
warm_python.in_use = True  # nobody reads these figures
asked = os.fdopen(os.dup(0))
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what the programs start does not read what is asked here
for line in asked:
    name, constants = json.loads(line)
    printed, problem = io.StringIO(), None
    try:
        program = importlib.import_module(f"benchmarks.{name}")
        vars(program).update(constants)
        with contextlib.redirect_stdout(printed):
            program.main()
    except BaseException:
        problem = traceback.format_exc()
    print(json.dumps([printed.getvalue(), problem]), flush=True)
"""
Run = Callable[[str], str]
# Not those that need the network: first_token and storm.
# Where a program measures one worker and two, two go through all that one does.
PROGRAMS: dict[str, dict[str, float | tuple[float, ...]]] = {
    "long_load": {
        **{"SECONDS": 1, "STORES": 5, "RATE": 10, "AUTHORIZE_EVERY": 0.5, "SAMPLE_EVERY": 1},
        **{"FIRST_KILL": 2, "KILL_EVERY": 60, "DOWN": 0, "RESTARTS": (0.5,)},
    },
    "mcp_cost": {"RUNS": 1, "WARM_UP": 0},
    "memory": {"STORES": 5, "ROUNDS": 1, "COUNT": 5, "CALLERS": 5, "WORKERS": (2,)},
    "million_stores": {"REFRESHED": 5, "FILLED": 20, "ROUND": 0},
    "pages_cost": {"STORES": 2, "RUNS": 5},
    "pacing": {"PROCESSES": 2, "CALLS": 2, "WORKERS": 1},
    "postgres_cost": {"STORES": 2, "COUNT": 5, "ROUNDS": 1, "WORKERS": (2,)},
    "proxy_cost": {"LARGE": 1024 * 1024, "LOOKS": 2, "SMALL_RUNS": 5, "LARGE_RUNS": 1, "WARM_UP": 1},
    "read_replica": {"STORES": 5, "LISTS": 5, "ROUNDS": 1, "AGING": 0.2},
    "recovery": {"STORES": 5, "CALLERS": 1, "PAUSE": 0.05, "TIMES": 1, "ENDING": 0, "REST": 0},
    "reencrypt": {"STORES": 20, "CALLERS": 1, "PAUSE": 0.05, "CALLS_BEFORE": 5},
    "refresher_rate": {"STORES": 20, "ROUND": 0},
    "scripts_cost": {"STORES": 2, "COLD_RUNS": 1, "ALL_RUNS": 1, "WARM_UP": 0, "ALL_WARM_UP": 0},
    "tokens_cost": {"FEW": 10, "MANY": 100, "COUNT": 5, "ROUNDS": 1, "TIMES": 5},
}


def numbers(figures: Any) -> Iterator[float]:
    """Every number in a document."""
    if isinstance(figures, dict | list):
        for each in figures.values() if isinstance(figures, dict) else figures:
            yield from numbers(each)
    elif isinstance(figures, int | float):
        yield figures


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """What runs a program to its end, which has to be a good one, and returns what it printed."""
    command = [sys.executable, "-c", RUNNER]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def run_one(name: str) -> str:
            watch = threading.Timer(PATIENCE, process.kill)
            watch.start()
            print(json.dumps([name, PROGRAMS[name]]), file=asked, flush=True)
            answer = answers.readline()
            watch.cancel()
            assert answer, f"{name} does not end"
            printed, problem = json.loads(answer)
            assert problem is None, problem
            assert isinstance(printed, str)
            return printed

        yield run_one


@pytest.mark.skipif(sys.platform != "linux", reason="processor time and memory are read from /proc")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_its_figures(name: str, run: Run) -> None:
    """One JSON document, and numbers in it."""
    found = list(numbers(json.loads(run(name))))
    assert found
    assert all(math.isfinite(each) for each in found)
