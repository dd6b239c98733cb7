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
# What the program `skill-scanner` runs, called once for each folder of skills: to begin takes it long.
# It reads its packs of rules with YAML's quick loader and keeps them for the next folder. The garbage
# collector would walk through one syntax tree after the other, and find nothing.
SCAN_EACH = """\
import gc, json, sys
from functools import cache
import yaml
yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
from skill_scanner.cli.cli import main
from skill_scanner.core.rule_registry import PackLoader
PackLoader.load_bundled_pack = staticmethod(cache(PackLoader().load_bundled_pack))
gc.disable()
folders, reports = sys.argv[1::2], sys.argv[2::2]
codes = []
for folder, report in zip(folders, reports, strict=True):
    sys.argv[1:] = ["scan-all", folder, "--fail-on-severity", "high", "--format", "json", "--output", report]
    try:
        codes.append(main())
    except SystemExit as ended:
        codes.append(ended.code)
print(json.dumps(codes))
"""


class ScannerMissing(Exception):
    """The scanner could not be installed. The message says why."""


def scan(folders: list[Path], room: Path) -> list[tuple[int, dict[Path, list[dict[str, Any]]]]]:
    """Scan folders of skills; answer of each the exit code of `--fail-on-severity high` and what was found.

    The findings are by the skill's own folder.

    `room`: an empty folder for the reports, which is the scanner's home, too. Raise ScannerMissing where the
    scanner cannot be installed.
    """
    _install()
    reports = [room / f"report{number}.json" for number in range(len(folders))]
    pairs = [str(path) for pair in zip(folders, reports, strict=True) for path in pair]
    # The proxies lead nowhere: nothing that it does needs a network.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(room),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [str(_bin(VENV) / "python"), "-I", "-c", SCAN_EACH, *pairs],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    ran = done.returncode == 0 and all(report.is_file() for report in reports)
    assert ran, done.stderr.decode("utf-8", "replace")[-2000:]
    codes = json.loads(done.stdout.splitlines()[-1])
    found = [
        {Path(skill["skill_path"]): skill["findings"] for skill in json.loads(report.read_bytes())["results"]}
        for report in reports
    ]
    return list(zip(codes, found, strict=True))


def _bin(venv: Path) -> Path:
    return venv / ("Scripts" if os.name == "nt" else "bin")


def _install() -> None:
    """Make the environment unless it holds just what is pinned."""
    wanted = f"{sys.version_info[:2]} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    note = VENV / "installed.txt"
    if note.is_file() and note.read_text(encoding="utf-8") == wanted:
        return
    python = str(_bin(VENV) / "python")
    # With the pip that is here, and without compiling the many modules that a scan never imports.
    pip = [sys.executable, "-m", "pip", "--python", python]
    install = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--no-deps"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)],
        [*pip, *install, "--require-hashes", "-r", str(REQUIREMENTS)],
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
