#!/usr/bin/env python3
"""Set up `.venv` with everything the tests need and run them; arguments go on to pytest.

python3 tests/run.py                 all tests, in several processes at once
python3 tests/run.py -k store -x     what pytest is told
python3 tests/run.py --browser       those in a browser must run, too: without one, say how to install it
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30  # bytes; a run leaves a quarter of a GB behind
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from linkfox_client import venv  # noqa: E402 - the path has to be there first

from tests.support import chromium  # noqa: E402


def main() -> int:
    """Answer pytest's exit code, or 3 where the set-up failed."""
    arguments, variables = sys.argv[1:], dict(os.environ)
    if "--browser" in arguments:
        arguments.remove("--browser")
        if chromium.find_chromium() is None:
            print(chromium.MISSING, file=sys.stderr)
            return 3
        variables[chromium.REQUIRED] = "1"
    try:
        python = venv.ensure("requirements-dev.txt", notify=lambda line: print(line, file=sys.stderr))
    except venv.SetupError as problem:
        print(f"{problem}\n{problem.hint}", file=sys.stderr)
        return 3
    # Each of the hundreds of processes would compile what it imports anew.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    # No color of the newcomer's own settings, no plugin from elsewhere: only what is pinned here.
    # Most of a test's time is waiting for processes, so a few files at once are no heavier than one.
    # In the order of their folders: pytest-xdist would begin files of few tests last, which take longest.
    spread = ["-n", "5", "--dist", "loadfile", "--no-loadscope-reorder"]
    everything = not arguments or arguments == ["-q"]
    command = [
        str(python),
        "-m",
        "pytest",
        "--rootdir",
        str(ROOT),
        *(spread if everything else []),
        *arguments,
    ]
    with folder_in_memory() as folder:
        if everything and folder is not None:
            variables.setdefault("TMPDIR", folder)
        return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


@contextmanager
def folder_in_memory() -> Iterator[str | None]:
    """A folder where no commit waits for a disk; None where there is none that programs can be run from."""
    try:
        room = os.statvfs(MEMORY)
        roomy = room.f_bavail * room.f_frsize >= ENOUGH and not room.f_flag & os.ST_NOEXEC
        made = tempfile.TemporaryDirectory(prefix="tests-", dir=MEMORY) if roomy else None
    except (OSError, AttributeError):  # no such folder, or no such call on this system
        made = None
    if made is None:
        yield None
        return
    with made as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as a user of its own
        yield folder


if __name__ == "__main__":
    sys.exit(main())
