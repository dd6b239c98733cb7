"""The gateway as pip installs it: the wheel built from these files, in an environment that is read-only."""

import contextlib
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest

from tests.support.house import PATIENCE, Finished, House, clean_environment
from tests.support.read_only import make_read_only

RUNS = {"stdin": subprocess.DEVNULL, "check": False, "timeout": PATIENCE}


def build(source: Path, folder: Path, *what: str) -> Path:
    """Build what `python -m build` makes of a source tree, or only `what`; return the one wheel.

    With the build backend of the tests' own environment, so without a registry.
    """
    pytest.importorskip("hatchling", reason="requirements-dev.txt brings what builds the wheel")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), *what, str(source)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **RUNS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = folder.glob("*.whl")
    return wheel


def needed_by(wheel: Path) -> list[str]:
    """Return the requirements that a wheel names."""
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(opened.read(name).decode()).get_all("Requires-Dist", [])


@dataclass
class Installation:
    """An environment with the wheel. `words` go before each command: what keeps it from writing there."""

    folder: Path
    words: Sequence[str]

    @property
    def programs(self) -> Path:
        """Where its commands are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def command(self, name: str, *words: str) -> list[str]:
        """Return the command line of one of its programs."""
        return [*self.words, str(self.programs / name), *words]

    def run(self, *words: str, home: Path, **more: str) -> Finished:
        """Run `linkfox-gateway` to its end in the working directory `home`."""
        command = self.command("linkfox-gateway", *words)
        done = subprocess.run(
            command, cwd=home, env=clean_environment(home, **more), capture_output=True, text=True, **RUNS
        )
        return Finished(words[0], done.returncode, done.stdout, done.stderr)


def install(wheel: Path, folder: Path) -> Installation:
    """Install a wheel into a fresh environment; its dependencies are those of the tests' own environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = Installation(folder, ())
    python = str(made.programs / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True)
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
    (packages / "of-the-tests.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o555)
    made.words = make_read_only(folder)
    return made


@contextlib.contextmanager
def serving(installation: Installation, home: Path, *arguments: str, **more: str) -> Iterator[House]:
    """Serve from an installation with the stand-in Amazon, in the empty working directory `home`."""
    environment = clean_environment(home, GATEWAY_DATA_DIR=str(home / "data"), **more)
    log = home.with_name(f"{home.name}.log")
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            installation.command("linkfox-gateway", "serve", "--sandbox", "--port", "0", *arguments),
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the gateway did not start:\n{log.read_text()[-3000:]}"
        ready = json.loads(line)
        yield House(home, Path(ready["dataDir"]), ready["url"], ready["sandboxUrl"], environment, log=log)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()
