"""The gateway of an earlier commit, taken out of the repository's own history, as a program to run."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.house import ROOT

# The last commit of version 0.2.0.
BEFORE_0_3 = "08fb934"


def gateway_of(commit: str, folder: Path) -> Path:
    """Unpack the gateway of a commit into a folder, and return its program.

    It runs with today's packages. Skips, saying why, where the commit is not in the history that is here.
    """
    taken = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit, "gateway", "references"], capture_output=True, check=False
    )
    if taken.returncode:
        pytest.skip(f"the history here does not have the commit {commit}; a full clone has it")
    with tarfile.open(fileobj=io.BytesIO(taken.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "gateway" / "__main__.py"
