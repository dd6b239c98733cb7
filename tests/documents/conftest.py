"""What the tests of the documents share: the skill as it is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import clean_environment
from tests.support.markdown import ROOT


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of skills into which install_skill.py put the skill and its aliases."""
    return installed(tmp_path_factory.mktemp("installed"), "--with-aliases")


@pytest.fixture(scope="session")
def packaged_with_gateway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of skills into which install_skill.py put the skill with the gateway."""
    return installed(tmp_path_factory.mktemp("with-gateway"), "--with-gateway")


def installed(home: Path, *words: str) -> Path:
    """Install the skill with these flags; answer the folder of skills."""
    words = ("--into", str(home / "skills"), *words)
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "install_skill.py"), *words],
        env=clean_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return home / "skills"
