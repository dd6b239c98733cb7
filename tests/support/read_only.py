"""Folders that cannot be written, for root as well, who may otherwise write everywhere."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WITHOUT_OVERRIDE = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"]


def make_read_only(folder: Path) -> list[str]:
    """Take the permission to write in `folder`; answer the words to put before a command that must not.

    Skips the test, with the reason, where neither is possible.
    """
    folder.chmod(0o500)
    if os.name == "nt":
        pytest.skip("a folder's mode means nothing on Windows")
    words = [] if os.getuid() else WITHOUT_OVERRIDE
    if words and shutil.which(words[0]) is None:
        pytest.skip("this is root, who writes everywhere, and there is no setpriv to take that away")
    tried = subprocess.run([*words, "touch", str(folder / "tried")], capture_output=True, check=False)
    if (folder / "tried").exists() or b"ermission denied" not in tried.stderr:
        pytest.skip(f"the folder stays writable, or the right cannot be taken away: {tried.stderr!r}")
    return words
