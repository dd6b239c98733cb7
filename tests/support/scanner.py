"""skill-scanner in an environment of its own, made once and kept in `.venv-scanner` beside the tests' one.

Its packages do not fit beside ours, and only one test uses it; what is pinned in requirements-scanner.txt
leaves out the clients of language models, which it has no use for here.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements-scanner.txt"
VENV = ROOT / ".venv-scanner"
INSTALL_SECONDS = 600


class ScannerMissing(Exception):
    """The scanner could not be installed. The message says why."""


def scan(folder: Path, report: Path) -> tuple[int, dict[str, Any]]:
    """Scan a skill; answers the exit code of `--fail-on-severity high`, and the report.

    Raises ScannerMissing where it cannot be installed.
    """
    program = _bin(VENV) / "skill-scanner"
    _install()
    words = ["scan", str(folder), "--fail-on-severity", "high", "--format", "json", "--output", str(report)]
    # Its home is the test's, and the proxies lead nowhere: nothing that it does needs a network.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(report.parent),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [str(program), *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert report.is_file(), done.stderr.decode("utf-8", "replace")[-2000:]
    return done.returncode, json.loads(report.read_text(encoding="utf-8"))


def _bin(venv: Path) -> Path:
    return venv / ("Scripts" if os.name == "nt" else "bin")


def _install() -> None:
    """Make the environment unless it holds just what is pinned."""
    wanted = f"{sys.version_info[:2]} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    note = VENV / "installed.txt"
    if note.is_file() and note.read_text(encoding="utf-8") == wanted:
        return
    python = _bin(VENV) / "python"
    install = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        [str(python), *install, "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)],
    ):
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=INSTALL_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise ScannerMissing(f"skill-scanner could not be installed: {problem}") from None
        if done.returncode:
            last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise ScannerMissing(f"skill-scanner could not be installed: {' '.join(last)[:300]}")
    note.write_text(wanted, encoding="utf-8")
