"""Interpreters that have the packages loaded already, which the project's programs are forked from.

A script's imports take a tenth of a second of processor time, a gateway's more than half of one, and the
tests start a thousand. What is forked is a process like any other: with its own arguments, environment,
working directory and streams. Where the start itself matters (another Python, a variable that it reads, a
signal during the imports), tests start an interpreter of their own, and so do all figures in `benchmarks/`.

Run as `python -I warm_python.py SOCKET MODULE…`; orders come through the socket of that number.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Interpreter(NamedTuple):
    """What is loaded already, and whether programs run as with `python -I`."""

    modules: tuple[str, ...]
    isolated: bool


# None of the scripts' own modules: they look at the program that imports them.
SCRIPT = Interpreter(("dotenv", "keyring.backends.fail", "pyperclip", "requests"), isolated=False)
GATEWAY = Interpreter(
    (
        "gateway.app",
        "gateway.cli.opening",
        "gateway.server.serve",
        *("alembic.config", "alembic.runtime.environment", "alembic.script"),
        "gateway.vault.database.postgresql_reader",
        "gateway.vault.postgresql_leases",
    ),
    isolated=True,
)
LARGEST = 150_000  # bytes of an order
# Whether anything is forked: the tests switch it on, in `conftest.py`.
in_use = False


# --- the interpreter's side ---


def take_orders(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for each order, and return it in the process that is to follow it; None when no more will come."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that wait for the programs end by themselves
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        order, descriptors, _, _ = socket.recv_fds(requests, LARGEST, 4)
        if not order:
            return None
        if os.fork() == 0:
            requests.close()
            *streams, report = descriptors
            _wait_beside(report)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return json.loads(order)
        for descriptor in descriptors:
            os.close(descriptor)


def _wait_beside(report: int) -> None:
    """Return in another process than this one, which reports its number and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(report)
        return
    for number in range(3):
        os.close(number)
    os.write(report, b"%d\n" % child)
    _, status = os.waitpid(child, 0)
    os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def follow(order: dict[str, Any]) -> None:
    """Run the program that was ordered, as `__main__`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order["session"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    program, *arguments = order["words"]
    sys.argv[:] = [program, *arguments]
    sys.orig_argv[:] = [sys.executable, *order["flags"], program, *arguments]
    if not order["flags"]:
        further = os.environ.get("PYTHONPATH", "")
        sys.path[:0] = [str(Path(program).parent), *filter(None, further.split(os.pathsep))]
    code: object = 0
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        code = ended.code or 0
    if not isinstance(code, int):
        sys.exit(code)
    _end(code)


def _end(code: int) -> None:
    """End as the interpreter does, without taking apart all that is loaded: that would copy its memory."""
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):  # closed by the program, or by its reader: the interpreter knows what to do
        sys.exit(code)
    os._exit(code & 0xFF)


# --- the tests' side ---


class WarmProcess:
    """A process that was forked; what there is of it is as in `subprocess.Popen`."""

    def __init__(self, report: int, stdout: IO[str] | None) -> None:
        self._report = os.fdopen(report)
        self.pid = int(self._report.readline())
        self.stdout = stdout
        self.returncode: int | None = None
        self._output = ""

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended and return its exit code. Raise subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Wait until it has ended and return its output, which has to fit into a pipe."""
        self.wait(timeout)
        if self.stdout is not None and not self.stdout.closed:
            with self.stdout:
                self._output = self.stdout.read()
        return self._output, None

    def send_signal(self, number: int) -> None:
        """Send it a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._report], [], [], seconds)[0]:
            with self._report:
                self.returncode = int(self._report.readline())
        return self.returncode


Started = WarmProcess | subprocess.Popen[str]


@cache
def _orders_to(interpreter: Interpreter) -> socket.socket:
    """Start the interpreter that programs are forked from; it ends with this process."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-I", __file__, str(its.fileno()), *interpreter.modules],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
        )

    def end() -> None:
        # Closing it is not enough where a process was forked from this one: it holds the socket, too.
        with suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def start(
    interpreter: Interpreter,
    program: Path,
    *words: str,
    environment: Mapping[str, str],
    folder: Path,
    stderr: int,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    new_session: bool = False,
    warm: bool = True,
    python: str = sys.executable,
) -> Started:
    """Start a Python program; not `warm`, by another `python`, or where nothing is forked, as everybody does.

    `stdin` and `stderr` are file descriptors, and so is `stdout` unless it is to be read through a pipe.
    """
    flags = ["-I"] if interpreter.isolated else []
    if not (in_use and warm and python == sys.executable):
        return subprocess.Popen(
            [python, *flags, str(program), *words],
            env=environment,
            cwd=folder,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            encoding="utf-8",
            start_new_session=new_session,
        )
    order = {
        "flags": flags,
        "words": [str(program), *words],
        "environment": dict(environment),
        "folder": str(folder),
        "session": new_session,
    }
    report, its_report = os.pipe()
    output, its_output = os.pipe() if stdout == subprocess.PIPE else (None, stdout)
    with Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno() if stdin == subprocess.DEVNULL else stdin, its_output, stderr]
        socket.send_fds(_orders_to(interpreter), [json.dumps(order).encode()], [*streams, its_report])
    os.close(its_report)
    if output is not None:
        os.close(its_output)
    return WarmProcess(report, None if output is None else os.fdopen(output, encoding="utf-8"))


def run(
    interpreter: Interpreter,
    program: Path,
    *words: str,
    environment: Mapping[str, str],
    folder: Path,
    timeout: float,
    stdin: bytes | None = None,
    warm: bool = True,
    python: str = sys.executable,
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program to its end, started as `start` does it.

    Raise subprocess.TimeoutExpired, and end it, where it takes longer.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin or b"")
        given.seek(0)
        process = start(
            interpreter,
            program,
            *words,
            environment=environment,
            folder=folder,
            stdin=subprocess.DEVNULL if stdin is None else given.fileno(),
            stdout=out.fileno(),
            stderr=err.fileno(),
            warm=warm,
            python=python,
        )
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([str(program), *words], code, out.read(), err.read())


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    sys.path.remove(str(ROOT))
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as commands:
        taken = take_orders(commands)
    if taken is not None:
        follow(taken)
