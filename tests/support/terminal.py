"""A script whose standard output is a terminal, as a person's is."""

import os
import tempfile
from pathlib import Path

from tests.support import warm_python
from tests.support.house import PATIENCE, SCRIPTS, Finished

BUFFER = 65_536  # bytes read at once


def run_at_terminal(script: str, *words: str, environment: dict[str, str], folder: Path) -> Finished:
    """Run a script to its end with standard output at a terminal; its line ends come as they were printed."""
    ours, terminal = os.openpty()
    with tempfile.TemporaryFile() as errors, os.fdopen(ours, "rb", buffering=0) as screen:
        started = warm_python.start(
            warm_python.SCRIPT,
            SCRIPTS / script,
            *words,
            environment={name: value for name, value in environment.items() if value},
            folder=folder,
            stdout=terminal,
            stderr=errors.fileno(),
            warm=False,  # the streams of one that was forked are made for files
        )
        os.close(terminal)
        shown = b""
        try:
            while part := screen.read(BUFFER):
                shown += part
        except OSError:  # how Linux says that nobody has the terminal open any more
            pass
        code = started.wait(PATIENCE)
        errors.seek(0)
        return Finished(script, code, shown.decode().replace("\r\n", "\n"), errors.read().decode())
