"""The source has the form that CONTRIBUTING.md describes: ruff and mypy find nothing."""

import subprocess
import sys

import pytest

from tests.support.house import ROOT

# The three parts, each as its own program imports it, and the adapters.
TYPED = ["gateway", "scripts/linkfox_client", "amazon_sandbox", "adapters"]


def finds_nothing(*command: str) -> None:
    """Run a tool on the whole project; what it finds is the failure."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff(command: tuple[str, ...]) -> None:
    """Nothing to mend, and nothing to format."""
    finds_nothing("ruff", *command)


def test_mypy() -> None:
    """Every function says its types, and keeps to them."""
    finds_nothing("mypy", *TYPED)
