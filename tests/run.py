#!/usr/bin/env python3
"""Set up `.venv` with everything the tests need and run them; arguments go on to pytest.

python3 tests/run.py                 all tests, in several processes at once
python3 tests/run.py -k store -x     what pytest is told
python3 tests/run.py --browser       those in a browser must run, too: without one, say how to install it
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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
    spread = ["-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
    at_once = spread if not arguments or arguments == ["-q"] else []
    command = [str(python), "-m", "pytest", "--rootdir", str(ROOT), *at_once, *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
