"""The programs behind the figures still run, each with so little to do that it says nothing about speed."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.house import PATIENCE, ROOT

# Run by name, with some of its constants made small.
RUN = """\
import importlib, json, sys
program = importlib.import_module(f"benchmarks.{sys.argv.pop(1)}")
vars(program).update(json.loads(sys.argv.pop(1)))
program.main()
"""
# Not those that need the network: first_token and storm. Processor time is counted in hundredths of a second,
# so what is compared by it must use some.
PROGRAMS: dict[str, dict[str, int]] = {
    "memory": {"STORES": 5, "ROUNDS": 1, "COUNT": 5, "CALLERS": 5},
    "million_stores": {"REFRESHED": 5, "FILLED": 20},
    "pages_cost": {"STORES": 2},
    "postgres_cost": {"STORES": 2, "COUNT": 200, "ROUNDS": 2},
    "proxy_cost": {"LARGE": 1024 * 1024, "LOOKS": 2},
    "recovery": {"STORES": 5, "TIMES": 1},
    "reencrypt": {"STORES": 20},
    "refresher_rate": {"STORES": 20},
    "scripts_cost": {"STORES": 2},
    "tokens_cost": {"FEW": 10, "MANY": 100, "COUNT": 200, "ROUNDS": 2},
}


def numbers(figures: Any) -> Iterator[float]:
    """Every number in a document."""
    if isinstance(figures, dict | list):
        for each in figures.values() if isinstance(figures, dict) else figures:
            yield from numbers(each)
    elif isinstance(figures, int | float):
        yield figures


@pytest.mark.skipif(sys.platform != "linux", reason="processor time and memory are read from /proc")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_its_figures(name: str) -> None:
    """One JSON document, and numbers in it."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN, name, json.dumps(PROGRAMS[name])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    found = list(numbers(json.loads(ran.stdout)))
    assert found
    assert all(math.isfinite(each) for each in found)
