"""A tool's call as a run of its script: a child process with the arguments as one JSON object.

So a call does what the same command does, whatever it prints cannot reach the protocol's standard output, a
canceled call ends at once, and calls at the same time share nothing.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from anyio.abc import ByteReceiveStream, Process
from anyio.streams.text import TextReceiveStream

from linkfox_client.cli import output
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.paths import BUNDLE

MOST_AT_ONCE = 8
GRACE = 2.0  # seconds that a script has to end after it was told to
LONGEST_TOLD = 2000  # characters of what stands in place of a document

# Windows would open a console for the child of a host that has none.
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)

Told = Callable[[str], Awaitable[None]]


class Scripts:
    """Runs scripts, at most MOST_AT_ONCE at the same time; the others wait for their turn."""

    def __init__(self) -> None:
        self._turns = anyio.CapacityLimiter(MOST_AT_ONCE)
        self._running: set[Process] = set()

    async def run(self, script: str, arguments: Mapping[str, Any], told: Told) -> dict[str, Any]:
        """Return the document of `script`, such as "doctor.py"; a failure is one as well.

        `told` gets each line that the script has for a person. A canceled call ends the script.
        """
        # All in ASCII: no locale can change it, and no character in it ends an argument.
        words = [sys.executable, str(BUNDLE / "scripts" / script), json.dumps(arguments)]
        async with self._turns:
            try:
                process = await anyio.open_process(
                    words, stdin=subprocess.DEVNULL, creationflags=_NO_WINDOW, env={**os.environ}
                )
            except OSError as problem:  # such as an argument that is longer than the system takes
                return bad_arguments(f"{script} could not be started: {problem.strerror}").document()
            self._running.add(process)
            try:
                return await _ended(process, script, told)
            finally:
                await _end(process)
                self._running.discard(process)

    def end_all(self) -> None:
        """End whatever runs, at once; for when the server ends by a signal."""
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                process.kill()


async def _ended(process: Process, script: str, told: Told) -> dict[str, Any]:
    """Return the document of a script that was started, once it has ended."""
    printed: list[bytes] = []

    async def read(stream: ByteReceiveStream) -> None:
        async for part in stream:
            printed.append(part)

    assert process.stdout is not None
    assert process.stderr is not None
    async with anyio.create_task_group() as group:
        group.start_soon(read, process.stdout)
        await _pass_on(process.stderr, told)
    code = await process.wait()
    text = b"".join(printed).decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    shown = output.secrets.scrub(text[:LONGEST_TOLD])
    hint = "Look at the server's log, which its host keeps: the script's last lines are there."
    return ClientError(
        "internal", f"{script} ended with {code} and without its document: {shown}".rstrip(": "), hint
    ).document()


async def _pass_on(stream: ByteReceiveStream, told: Told) -> None:
    """Pass each line for a person on, and into the server's own log."""
    rest = ""
    async for part in TextReceiveStream(stream, errors="replace"):
        *lines, rest = (rest + part).split("\n")
        for line in lines:
            output.notify(line)
            await told(line.strip())


async def _end(process: Process) -> None:
    """Make sure that a script has ended, which was told to by its end or by nobody yet."""
    with anyio.CancelScope(shield=True):
        if process.returncode is None:
            process.terminate()
            with anyio.move_on_after(GRACE):
                await process.wait()
        if process.returncode is None:
            process.kill()
        await process.aclose()
