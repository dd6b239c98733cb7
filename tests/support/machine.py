"""A machine with a systemd of its own, made of namespaces of this one: units run as they do on a server."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.house import PATIENCE, until

BOOT = Path(__file__).with_name("machine.sh")
SYSTEMD = Path("/lib/systemd/systemd")
# A service does not see /root, where this run's Python may be.
PYTHON = Path("/usr/bin/python3")
GROUPS = Path("/sys/fs/cgroup")
NAMESPACES = ("--pid", "--mount", "--ipc", "--uts", "--cgroup")


@dataclass(frozen=True)
class Machine:
    """A machine that runs; `first` is the id of its first process, by this machine's count."""

    first: int

    @property
    def root(self) -> Path:
        """Its files, as seen from here."""
        return Path(f"/proc/{self.first}/root")

    def run(self, *words: str, pasted: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command there as root, to its end.

        `pasted` is its standard input, `more` are further environment variables.
        """
        return subprocess.run(
            ["nsenter", "--target", str(self.first), *NAMESPACES, "--", *words],
            input=pasted,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/", **more},
        )

    def good(self, *words: str, pasted: str = "", **more: str) -> str:
        """Run a command that has to succeed; return what it printed."""
        done = self.run(*words, pasted=pasted, **more)
        assert done.returncode == 0, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def missing() -> str | None:
    """Return why there can be no such machine here; None where there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root of a Linux can make a machine of namespaces"
    for program in ("unshare", "nsenter", "dbus-daemon", str(SYSTEMD), str(PYTHON)):
        if shutil.which(program) is None:
            return f"there is no {program}; Debian: apt install systemd dbus python3-venv"
    asked = [str(PYTHON), "-c", "import sys; print(*sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    if version != [str(number) for number in sys.version_info[:2]]:
        return f"{PYTHON} is {'.'.join(version)}, and the packages here are another Python's"
    return None


@contextlib.contextmanager
def booted(log: Path) -> Iterator[Machine]:
    """Boot a machine, whose systemd writes to `log`; skip the test, and say why, where there can be none."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    unified = (GROUPS / "cgroup.controllers").exists()
    group = (GROUPS if unified else GROUPS / "systemd") / f"linkfox-tests-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    joining = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(group)]
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*joining, "unshare", "--fork", *NAMESPACES, str(BOOT)],
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=told,
        )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        first = until(lambda: process.poll() is not None or children.read_text().split(), "it begins")
        if first is True:
            pytest.skip(f"systemd does not run in namespaces here: {log.read_text()[-500:]}")
        machine = Machine(int(first[0]))
        until(lambda: process.poll() is not None or _is_up(machine), "systemd is up")
        if process.poll() is not None:
            pytest.skip(f"systemd does not run in namespaces here: {log.read_text()[-500:]}")
        machine.good("systemctl", "start", "dbus.service")
        yield machine
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE)
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()


def _is_up(machine: Machine) -> bool:
    return machine.run("systemctl", "is-system-running").stdout.strip() == "running"
