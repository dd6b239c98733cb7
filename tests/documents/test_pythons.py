"""Every place that names the supported Pythons names those that pyproject.toml lists."""

import re
import tomllib

import pytest
from linkfox_client import NEWEST_PYTHON, OLDEST_PYTHON

from tests.support.interpreters import PROJECT, SUPPORTED
from tests.support.markdown import ROOT

OLDEST, NEWEST = SUPPORTED[0], SUPPORTED[-1]
DOCUMENTS = ["README.md", "SKILL.md", "references/quick-start.md", "references/self-hosting.md"]


def test_the_list_has_no_gap() -> None:
    """A range of two words stands for all of it in the documents."""
    minors = [int(minor.removeprefix("3.")) for minor in SUPPORTED]
    assert len(minors) > 1
    assert minors == list(range(minors[0], minors[-1] + 1))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_says_what_is_needed_names_the_range(name: str) -> None:
    """From the oldest to the newest, and no other Python of ours anywhere in it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert f"Python {OLDEST} to {NEWEST}" in text
    assert set(re.findall(r"Python (3\.\d+)(?: to (3\.\d+))?", text)) == {(OLDEST, NEWEST)}


@pytest.mark.parametrize("name", ["README.md", "references/quick-start.md"])
def test_who_starts_is_told_what_debian_leaves_out_of_python(name: str) -> None:
    """Its python3 comes without what makes a virtual environment."""
    assert "apt install python3-venv" in (ROOT / name).read_text(encoding="utf-8")


def test_tools_and_scripts_begin_at_the_oldest() -> None:
    """What installers and the linter are told."""
    wanted = f">={OLDEST}"
    assert PROJECT["requires-python"] == wanted
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    assert ruff["target-version"] == f"py{OLDEST.replace('.', '')}"
    scripts = sorted((ROOT / "scripts").glob("*.py"))
    assert scripts
    for script in scripts:
        assert f'# requires-python = "{wanted}"' in script.read_text(encoding="utf-8"), script.name


def test_the_scripts_turn_away_what_is_older_and_warn_of_what_is_newer() -> None:
    """They run without pyproject.toml where the skill is installed."""
    assert "{}.{}".format(*OLDEST_PYTHON) == OLDEST
    assert "{}.{}".format(*NEWEST_PYTHON) == NEWEST
