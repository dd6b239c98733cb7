"""From a clean clone with an empty home to the first masked token: the whole of what a newcomer waits for.

    .venv/bin/python -m benchmarks.first_token

It needs the package index. The second figure is the same command again in the same clone.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.house import ROOT, clean_environment

FIRST_TOKEN = "get the store's token"


def _quickstart(clone: Path, home: Path, python: str) -> tuple[float, float]:
    """Seconds until the whole of quickstart.py was done, and until it had the first masked token."""
    started = time.monotonic()
    done = subprocess.run(
        [python, "scripts/quickstart.py"],
        cwd=clone,
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    whole = time.monotonic() - started
    steps = json.loads(done.stdout)["steps"]
    names = [step["step"] for step in steps]
    after = sum(step["seconds"] for step in steps[names.index(FIRST_TOKEN) + 1 :])
    return whole, whole - after


def main() -> None:
    """Print the figures as one JSON document."""
    python = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder) / "linkfox-amazon-auth", Path(folder) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        whole, first = _quickstart(clone, home, python)
        again, first_again = _quickstart(clone, home, python)
    figures = {
        "clean clone": {"first masked token": round(first, 1), "whole main job": round(whole, 1)},
        "second run": {"first masked token": round(first_again, 1), "whole main job": round(again, 1)},
        "second run / clean clone": round(again / whole, 3),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
