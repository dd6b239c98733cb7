"""Compile requirements*.txt from the dependency groups of pyproject.toml.

`python tools/compile_requirements.py` pins every package with its hashes for all platforms and Pythons
from 3.11 on, by way of `uv` (which must be installed). Run it after a change of a group, or with
`--upgrade` to take newer versions.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "scripts": "requirements.txt",
    "gateway": "requirements-gateway.txt",
    "dev": "requirements-dev.txt",
}


def main() -> int:
    """Write the three files; answer uv's exit code of the first that fails."""
    for group, file in FILES.items():
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-annotate", "--no-header", *sys.argv[1:]]
        command += ["--group", f"pyproject.toml:{group}", "-o", file]
        finished = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - fixed words
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
