"""The image of `deploy/Containerfile`, built by buildah and run as a container engine runs it.

Its base comes from a registry, which tests do not ask: what stands in for it is made of Debian's packages,
once, and kept. The container gets the image's own user, variables and commands, a root that cannot be
written, no capability, and its own processes and mounts; the network is the machine's.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests.support.house import PATIENCE, ROOT
from tests.support.installed import NotHere, NotInstalled

CONTAINERFILE = ROOT / "deploy" / "Containerfile"
SUITE = "bookworm"
PACKAGES = "python3-venv,ca-certificates"
BASE_KEPT = Path.home() / ".cache" / "linkfox-tests" / f"base-{SUITE}.tar"
# What the base of the image says of itself (hub.docker.com/_/python).
BASE = """\
FROM scratch
ADD base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""
TOOLS = ("buildah", "debootstrap", "unshare", "nsenter", "setpriv")
# How pip reaches the registry from here; a build elsewhere finds it by itself.
OF_THIS_MACHINE = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/resolv.conf")
SECONDS = 600
# $1: the root; then what is run. The data folder and /tmp are the two places that can be written.
CONTAINER = """\
set -e
root=$1 data=$2 files=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$data" "$root/data"
mount -t tmpfs tmp "$root/tmp"
mount -t tmpfs run "$root/run"
mkdir "$root/run/secrets"
mount --bind "$files" "$root/run/secrets"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o remount,ro,bind "$root/run/secrets"
mount -o remount,ro,bind "$root/run"
mount -o remount,ro,bind "$root"
cd "$root"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Container:
    """A running container. `process`: what made it; `first`: its first process as this machine numbers it."""

    image: "Image"
    process: subprocess.Popen[str]
    first: int
    ready: Mapping[str, Any]
    variables: Mapping[str, str]

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as `docker exec` does."""
        inside = ["nsenter", f"--target={self.first}", "--mount", "--pid", "--root", "--wd=/"]
        return subprocess.run(
            [*inside, *self.image.as_its_user(words, self.variables)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def stop(self) -> int:
        """Send the image's stop signal to the first process; return what the container ended with."""
        os.kill(self.first, getattr(signal, self.image.config["StopSignal"]))
        return self.process.wait(PATIENCE)


@dataclass(frozen=True)
class Image:
    """A built image. `root`: its files; `config`: what it says of itself, as Docker names it."""

    root: Path
    config: dict[str, Any]

    @cached_property
    def user(self) -> tuple[int, int]:
        """The numbers of the user and of the group that it runs as."""
        user, group = self.config["User"].split(":")
        return int(user), int(group)

    def as_its_user(self, words: list[str], variables: Mapping[str, str]) -> list[str]:
        """Return the words that run a command as the image's user, with its variables and no capability."""
        user, group = self.user
        setpriv = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--no-new-privs"]
        setpriv += ["--bounding-set=-all", "--inh-caps=-all"]
        given = [*self.config["Env"], *(f"{name}={value}" for name, value in variables.items())]
        return [*setpriv, "env", "--ignore-environment", *given, *words]

    @contextmanager
    def running(self, data: Path, secrets: Path, **variables: str) -> Iterator[Container]:
        """Run it on a data folder; its secrets are files of a folder, at /run/secrets.

        Wait until it says that it serves.
        """
        words = [*self.config["Entrypoint"], *self.config["Cmd"]]
        namespaces = ["unshare", "--mount", "--pid", "--fork"]
        places = [str(self.root), str(data), str(secrets)]
        with (data.parent / "stderr").open("w+") as stderr:
            process = subprocess.Popen(
                [*namespaces, "sh", "-c", CONTAINER, "sh", *places, *self.as_its_user(words, variables)],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={"PATH": os.environ["PATH"]},
            )
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                stderr.seek(0)
                ready = json.loads(line or "{}")
                assert ready.get("ok"), f"it did not start: {ready} {stderr.read()[-2000:]}"
                yield Container(self, process, int(children.read_text()), ready, variables)
            finally:
                # The first process of a namespace takes all others along. That it ends with its parent was
                # forgotten when it took the image's user (prctl(2), PR_SET_PDEATHSIG).
                with suppress(OSError):  # it has ended
                    os.kill(int(children.read_text() or 0) or process.pid, signal.SIGKILL)
                process.kill()
                process.wait(PATIENCE)
                if process.stdout is not None:
                    process.stdout.close()


@contextmanager
def built_image(folder: Path) -> Iterator[Image]:
    """Build the image in an empty folder, which is gone afterwards. Raise NotInstalled."""
    _can_be_built()
    base = _base()
    store = ["--root", str(folder / "store"), "--runroot", str(folder / "run"), "--storage-driver", "vfs"]
    buildah = ["buildah", *store]
    bud = [*buildah, "bud", "--isolation=chroot", "--pull-never", "--format=docker"]
    (folder / "Containerfile").write_text(BASE, encoding="utf-8")
    shutil.copy(base, folder / "base.tar")
    _run([*bud, "--tag=stand-in", str(folder)])
    (folder / "base.tar").unlink()
    mounts = [f"--volume={path}:{path}:ro" for path in OF_THIS_MACHINE if Path(path).is_file()]
    arguments = ["--build-arg=BASE=localhost/stand-in", f"--file={CONTAINERFILE}", "--tag=gateway"]
    _run([*bud, *mounts, *arguments, str(ROOT)])
    inspected = json.loads(_run([*buildah, "inspect", "--type=image", "gateway"]))
    made = _run([*buildah, "from", "--pull-never", "gateway"]).strip()
    root = Path(_run([*buildah, "mount", made]).strip())
    try:
        yield Image(root, inspected["Docker"]["config"])
    finally:
        _run([*buildah, "rm", "--all"])
        shutil.rmtree(folder)


def _can_be_built() -> None:
    """Raise NotHere where this machine lacks a tool or a right."""
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        raise NotHere(f"the image is not built: {', '.join(missing)} not here; Debian has them")
    may = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False)
    if os.geteuid() != 0 or may.returncode:
        raise NotHere("the image is not built: that wants root, who may mount")


def _base() -> Path:
    """Return the files of a Debian with Python, made once. Raise NotInstalled."""
    BASE_KEPT.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{BASE_KEPT}.lock"):
        if not BASE_KEPT.is_file():
            made = BASE_KEPT.with_suffix(".new")
            _run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(made)], made)
            left_out = ["--exclude=./var/cache/apt", "--exclude=./var/lib/apt", "--exclude=./usr/share/doc"]
            packed = BASE_KEPT.with_suffix(".packed")
            _run(["tar", "--create", f"--file={packed}", f"--directory={made}", *left_out, "."], made)
            shutil.rmtree(made)
            packed.replace(BASE_KEPT)
    return BASE_KEPT


def _run(command: list[str], made: Path | None = None) -> str:
    """Run a command and return what it printed. Raise NotInstalled; then what it `made` is gone."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise NotInstalled(f"{' '.join(command[:6])} failed: " + " | ".join(lines[-15:]))
    return done.stdout
