"""What is forked from a warm interpreter is as what an interpreter of its own runs."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import warm_python
from tests.support.house import PATIENCE, until

PROBE = """
import json, os, signal, sys, threading
FILES = "/proc/self/fd/"
def is_open(number):  # neither what listed them, nor the file that a loaded libffi keeps of itself
    return os.path.exists(FILES + number) and "libffi" not in os.readlink(FILES + number)
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv[1:], "path": sys.path, "prefix": sys.prefix,
    "name": __name__, "file": __file__, "main": sys.modules["__main__"].__dict__ is globals(),
    "environ": dict(os.environ), "cwd": os.getcwd(), "group": os.getpgid(0) == os.getpid(),
    "threads": threading.active_count(), "stdin": sys.stdin.read(),
    "streams": [[it.encoding, it.errors, it.line_buffering] for it in (sys.stdin, sys.stdout, sys.stderr)],
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "descriptors": sorted(filter(is_open, os.listdir(FILES))),
}))
print("an error", file=sys.stderr)
"""
BOTH = pytest.mark.parametrize(
    "interpreter", [warm_python.SCRIPT, warm_python.GATEWAY], ids=["script", "gateway"]
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Let what is started not ignore Ctrl-C, as a suite in the background would have it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


def both(
    folder: Path, interpreter: warm_python.Interpreter, code: str, *words: str, end: int | None = None
) -> list[tuple[int, str, str]]:
    """The exit code and the output of a program, warm and cold; `end`: a signal once it has written."""
    program = folder / "program 程.py"
    program.write_text(code, encoding="utf-8")
    (folder / "stdin").write_text("given 给\n", encoding="utf-8")
    found = []
    for warm in (True, False):
        with (folder / "stdin").open() as stdin, (folder / "stderr").open("w+") as stderr:
            process = warm_python.start(
                interpreter,
                program,
                *words,
                environment={"LANG": "C.UTF-8", "NAME": "名"},
                folder=folder,
                stdin=stdin.fileno(),
                stderr=stderr.fileno(),
                warm=warm,
            )
            if end is not None:
                until((folder / "begun").exists, "the program runs")
                (folder / "begun").unlink()
                process.send_signal(end)
            out, _ = process.communicate(timeout=PATIENCE)
            stderr.seek(0)
            found.append((process.returncode, out, stderr.read()))
    return found


@BOTH
def test_a_program_sees_the_same(tmp_path: Path, interpreter: warm_python.Interpreter) -> None:
    """Its arguments, paths, environment, streams and signals."""
    warm, cold = both(tmp_path, interpreter, PROBE, "one", "zwei 二", "")
    seen: list[dict[str, Any]] = [json.loads(one[1]) for one in (warm, cold)]
    assert seen[0] == seen[1]
    assert seen[0]["stdin"] == "given 给\n"
    assert (warm[0], warm[2]) == (cold[0], cold[2]) == (0, "an error\n")


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit('why')", 1),
        ("raise SystemExit", 0),
        ("import atexit; atexit.register(print, 'at the end'); print('before', end='')", 0),
        ("import threading; threading.Timer(0.01, print, ['thread']).start()", 0),
        ("import sys; print('written'); sys.stdout.close()", 0),
        ("import sys; sys.stdout = sys.stderr = None", 0),
        ("import sys; sys.exit(259)", 3),
        ("import tempfile; kept = tempfile.TemporaryDirectory(dir='.')", 0),
        ("import os; os._exit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import subprocess, sys; print(subprocess.run([sys.executable, '-c', '9/3']).returncode)", 0),
    ],
)
def test_it_ends_alike(tmp_path: Path, code: str, exit_code: int) -> None:
    """By its own will or not; what it registered for its end is done, and its threads are waited for."""
    warm, cold = both(tmp_path, warm_python.SCRIPT, code)
    assert warm == cold
    assert warm[0] == exit_code


def test_a_failure_is_told_alike(tmp_path: Path) -> None:
    """But for the lines of what forked it."""
    warm, cold = both(tmp_path, warm_python.SCRIPT, "import os\nraise ValueError('broken')\n")
    assert warm[0] == cold[0] == 1
    assert warm[2].splitlines()[-1] == cold[2].splitlines()[-1] == "ValueError: broken"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_ends_it_alike(tmp_path: Path, number: int) -> None:
    """And the exit code tells which."""
    code = "import pathlib, threading; pathlib.Path('begun').touch(); threading.Event().wait()"
    warm, cold = both(tmp_path, warm_python.SCRIPT, code, end=number)
    assert warm[0] == cold[0] == -number


def test_random_numbers_differ(tmp_path: Path) -> None:
    """Those of the interpreter, too, that two programs were forked from."""
    code = "import random, secrets; print(random.random(), secrets.token_hex())"
    numbers = {both(tmp_path, warm_python.GATEWAY, code)[0][1] for _ in range(2)}
    assert len(numbers) == 2


def test_one_that_does_not_end_can_be_ended(tmp_path: Path) -> None:
    """And not waiting long enough is told as by subprocess."""
    program = tmp_path / "program.py"
    program.write_text("import threading; threading.Event().wait()")
    with (tmp_path / "stderr").open("w") as stderr:
        process = warm_python.start(
            warm_python.SCRIPT, program, environment={}, folder=tmp_path, stderr=stderr.fileno()
        )
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert process.communicate(PATIENCE)[0] == ""
    assert process.poll() == process.returncode == -signal.SIGKILL
