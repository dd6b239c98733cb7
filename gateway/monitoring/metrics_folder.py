"""Where several workers keep their counters, so that each can tell the sum of all.

prometheus-client looks for the variable when it is imported, so a process has to have it from its start.
"""

import os
import shutil
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare(data_dir: Path) -> None:
    """Empty the folder and name it to the processes that are started from now on."""
    folder = data_dir / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ[VARIABLE] = str(folder)


def leave_out() -> None:
    """Let the counters stay in this process: there is no other."""
    os.environ.pop(VARIABLE, None)
