"""Ask for known vulnerabilities of the pinned packages, by pip-audit: exit 1 where there are some.

The Python that runs this has requirements-supply-chain.txt. pip-audit asks PyPI's JSON API; where that does
not answer, nothing was looked at, which is said in words and is no failure.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILES = tuple(f"requirements-{name}.txt" for name in ("gateway", "tracing", "mcp", "build"))
SECONDS = 120


def ask() -> list[dict[str, Any]]:
    """Return what pip-audit says of each package; nothing where it could not ask."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off"]
    for file in FILES:
        command += ["--requirement", file]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, cwd=ROOT, capture_output=True, check=False, timeout=SECONDS
        )
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return []
    return packages


def verdict(packages: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code, and what to say of what pip-audit answered, a line each."""
    looked_at = {package["name"] for package in packages if "skip_reason" not in package}
    left_out = {package["name"] for package in packages} - looked_at
    found = {
        f"{package['name']} {package['version']}: {each['id']}, mended in "
        f"{', '.join(each['fix_versions']) or 'no version yet'}"
        for package in packages
        for each in package.get("vulns", ())
    }
    if not looked_at:
        return 0, ["not audited: PyPI's advisories could not be had here"]
    lines = sorted(found) or [f"no known vulnerability in {len(looked_at)} packages"]
    if left_out:
        lines.append(f"not audited, since PyPI told nothing of them: {', '.join(sorted(left_out))}")
    return int(bool(found)), lines


def main() -> int:
    """Print what was found; return the exit code."""
    code, lines = verdict(ask())
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
