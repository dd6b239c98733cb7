"""What lies where: parts that know nothing of each other, and the tests' helpers in one folder."""

import ast
from pathlib import Path

import pytest

from tests.support.house import ROOT
from tests.support.imports import named_in

PARTS = {"scripts": {"linkfox_client"}, "gateway": {"gateway"}, "amazon_sandbox": {"amazon_sandbox"}}
TESTS = ROOT / "tests"


def named_below(folder: Path) -> set[str]:
    """Return what the programs of a folder import."""
    return {name for path in folder.rglob("*.py") for name in named_in(path)}


@pytest.mark.parametrize("part", PARTS)
def test_no_part_imports_another(part: str) -> None:
    """What passes between them is HTTP; nor does one import tests or benchmarks."""
    roots = {name.partition(".")[0] for name in named_below(ROOT / part)}
    assert roots & PARTS[part], "the search finds what is imported"
    own = PARTS[part]
    assert roots & {*set().union(*PARTS.values()), "scripts", "tests", "benchmarks", "tools"} == own


def test_helpers_lie_in_support() -> None:
    """Beside tests there are fixtures, the command that runs them, and programs as others write them."""
    beside = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if not path.name.startswith("test_") and path.name not in ("conftest.py", "__init__.py")
    }
    assert {name.rpartition("/")[0] for name in beside - {"run.py"}} == {
        "support",
        "journeys/downstream",
        "libraries/programs",
    }


def test_benchmarks_use_nothing_of_the_tests_but_their_support() -> None:
    """So that a test can be moved without a look at them."""
    used = {name for name in named_below(ROOT / "benchmarks") if name.startswith("tests.")}
    assert used
    assert {
        name for name in used if name != "tests.support" and not name.startswith("tests.support.")
    } == set()


@pytest.mark.parametrize("part", [*PARTS, "tests"])
def test_a_folder_hands_on_nothing_that_lies_elsewhere(part: str) -> None:
    """An `__init__` holds a docstring at most; the client's own turns old Pythons away."""
    for path in (ROOT / part).rglob("__init__.py"):
        if path != ROOT / "scripts/linkfox_client/__init__.py":
            found = ast.parse(path.read_text(encoding="utf-8")).body
            assert all(isinstance(each, ast.Expr) for each in found), path
