"""The stand-in Amazon as a child process of a sandbox gateway: it never outlives its parent.

The child ends when its standard input does, which the kernel closes even where this process is killed.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.errors import OperatorError
from gateway.util.paths import PACKAGE

START_SECONDS = 30.0
STOP_SECONDS = 5.0
# The stand-in has applications of its own; nothing of the owner's concerns it.
_KEPT_FROM_IT = ("GATEWAY_", "SPAPI_", "ADS_", "LINKFOX", "AMAZON_")


class StandInProcess:
    """A running stand-in. `document` is what it announced: its url and its applications' credentials."""

    def __init__(self, process: subprocess.Popen[str], document: dict[str, Any]) -> None:
        self._process = process
        self.document = document

    @classmethod
    def start(
        cls, data_dir: Path, environ: Mapping[str, str], callbacks: Iterable[str] = ()
    ) -> "StandInProcess":
        """Start it and wait until it takes requests. Its state is kept in the data folder.

        `callbacks`: the addresses to which it may send browsers back; any of this machine is one anyway.
        """
        state = data_dir / "sandbox-state.json"
        command = [sys.executable, "-I", str(PACKAGE.parent / "amazon_sandbox" / "__main__.py")]
        command += ["--port", "0", "--state", str(state), "--exit-with-stdin"]
        for callback in callbacks:
            command += ["--callback", callback]
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=data_dir,
            env={name: value for name, value in environ.items() if not name.startswith(_KEPT_FROM_IT)},
            # Ctrl+C in a terminal is for the gateway; the stand-in ends after it.
            start_new_session=os.name != "nt",
        )
        child = cls(process, {})
        try:
            child.document = json.loads(_first_line(process))
        except ValueError:
            child.stop()
            raise OperatorError(
                "the stand-in Amazon (amazon_sandbox) did not start",
                f"Read what it wrote to standard error; if its state is damaged, remove {state}.",
            ) from None
        except BaseException:
            child.stop()
            raise
        return child

    def stop(self) -> None:
        """End it by closing its standard input; kill it if that does not do."""
        with suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]


def _first_line(process: subprocess.Popen[str]) -> str:
    """Return the first line of output, or an empty one where none comes in time."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    reader = threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        return lines.get(timeout=START_SECONDS)
    except queue.Empty:
        return ""
