"""skill-scanner in an environment of its own, made once and kept in `.venv-scanner` beside the tests' one.

Its packages do not fit beside ours, and only one test uses it; what is pinned in requirements-scanner.txt
leaves out the clients of language models, which it has no use for here.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.support.installed import ROOT, python_environment

REQUIREMENTS = ROOT / "requirements-scanner.txt"
VENV = ROOT / ".venv-scanner"
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


def scan(folders: list[Path], room: Path) -> list[tuple[int, dict[Path, list[dict[str, Any]]]]]:
    """Scan folders of skills; answer of each the exit code of `--fail-on-severity high` and what was found.

    The findings are by the skill's own folder.

    `room`: an empty folder for the reports, which is the scanner's home, too. Raise NotInstalled where the
    scanner cannot be had.
    """
    python = python_environment(VENV, REQUIREMENTS)
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
        [str(python), "-I", "-c", SCAN_EACH, *pairs],
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
