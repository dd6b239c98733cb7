"""Compile requirements*.txt from the dependencies and their groups in pyproject.toml.

`python tools/compile_requirements.py` pins every package with its hashes for all platforms and Pythons
that pyproject.toml takes, by way of `uv` (which must be installed). Run it after a change of a group, or with
`--upgrade` to take newer versions. The scanner's list leaves out what it does not use, so it is installed
with `--no-deps`.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "scripts": "requirements.txt",
    "gateway": "requirements-gateway.txt",
    "tracing": "requirements-tracing.txt",
    "dev": "requirements-dev.txt",
    "mcp": "requirements-mcp.txt",
    "build": "requirements-build.txt",
    "scanner": "requirements-scanner.txt",
    "deploy": "tests/deploy/requirements.txt",
    "supply-chain": "requirements-supply-chain.txt",
    "libraries-newest": "tests/libraries/requirements-newest.txt",
    "libraries-older": "tests/libraries/requirements-older.txt",
    "libraries-ads-mcp": "tests/libraries/requirements-ads-mcp.txt",
}
# What the gateway's own dependencies, `[project]`, go into, and with the packages of which group: in a bundle
# one environment serves the scripts, too.
WITH_GATEWAY = {"gateway": "scripts", "tracing": "scripts", "dev": "dev"}
WITH_TRACING = ("tracing", "dev")
# Clients of language models and a web interface: 300 MB that a scan of files does not import.
LEFT_OUT = ("anthropic", "fastapi", "litellm", "openai", "pyjwt", "python-multipart", "textual", "uvicorn")


def main() -> int:
    """Write the files; answer uv's exit code of the first that fails."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    with tempfile.TemporaryDirectory() as folder:
        excludes = Path(folder, "left-out.txt")
        excludes.write_text("\n".join(LEFT_OUT), encoding="utf-8")
        for group, file in FILES.items():
            command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", oldest]
            command += ["--generate-hashes", "--no-annotate", "--no-header", *sys.argv[1:]]
            command += ["pyproject.toml"] if group in WITH_GATEWAY else []
            command += ["--extra", "tracing"] if group in WITH_TRACING else []
            command += ["--group", f"pyproject.toml:{WITH_GATEWAY.get(group, group)}", "-o", file]
            # It goes into one environment with the gateway's packages.
            command += ["--constraint", FILES["dev"]] if group == "mcp" else []
            # Who adds traces changes nothing else.
            command += ["--constraint", FILES["gateway"]] if group == "tracing" else []
            command += ["--excludes", str(excludes)] if group == "scanner" else []
            finished = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - fixed words
            if finished.returncode:
                return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
