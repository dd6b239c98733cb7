#!/usr/bin/env python3
"""Set up `.venv` with everything the tests need and run them; arguments go on to pytest.

python3 tests/run.py                 all tests
python3 tests/run.py -k store -x     what pytest is told
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from linkfox_client import environment  # noqa: E402 - the path has to be there first


def main() -> int:
    """Answer pytest's exit code, or 3 where the set-up failed."""
    try:
        python = environment.ensure("requirements-dev.txt", tell=lambda line: print(line, file=sys.stderr))
    except environment.SetupError as problem:
        print(f"{problem}\n{problem.hint}", file=sys.stderr)
        return 3
    # No colour of the newcomer's own settings, no plugin from elsewhere: only what is pinned here.
    command = [str(python), "-m", "pytest", "--rootdir", str(ROOT), *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
