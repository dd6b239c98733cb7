"""with_token.py at a time that a test moves: `python moved_time.py SOCKET ARGUMENT…`.

SOCKET is the number of an inherited socket. Each time that the token was looked after, the second goes out at
which something will be due; what comes in is the second that it is from then on, when it is looked after
again. The first one is START, and what is done takes no time.
"""

import contextlib
import fcntl
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "with_token.py"
START = 1_800_000_000.0


# --- the program's side ---


class _Time:
    """The time that it is, by what comes in on a socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._lines = channel.makefile("rw", encoding="ascii")
        self._now = START

    def now(self) -> float:
        """Return the seconds since 1970."""
        return self._now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Tell when something is due, and wait until it is another time; return whether the event is set."""
        self._lines.write(f"{self._now + seconds}\n")
        self._lines.flush()
        line = self._lines.readline()
        if not line:  # the test has gone
            threading.Event().wait()
        self._now = float(line)
        return event.is_set()


def main(channel: int, words: list[str]) -> None:
    """Run with_token.py with these words, as its command line has them, at the terminal that it is given."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background ignores it
    for name in ("SIGQUIT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    sys.path[0] = str(SCRIPT.parent)
    from linkfox_client.commands import fresh_token
    from linkfox_client.gateway.client import Gateway

    time = _Time(socket.socket(fileno=channel))
    fresh_token.LOOK_EVERY = 10**9  # the test says when it looks
    fresh_token.FreshToken.__init__.__kwdefaults__.update(wall=time.now, monotonic=time.now, wait=time.wait)
    Gateway.__init__.__kwdefaults__.update(sleep=lambda _: None)
    sys.argv[:] = [str(SCRIPT), *words]
    runpy.run_path(str(SCRIPT), run_name="__main__")


# --- the test's side ---


@dataclass
class MovedProgram:
    """with_token.py at a time of the test's. `terminal`: that of its keyboard; `errors`: a file."""

    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    terminal: int
    errors: Path
    patience: float

    def __post_init__(self) -> None:
        self._lines = self.channel.makefile("rw", encoding="ascii")

    def due(self) -> float:
        """Wait until the program waits, and return the time at which it will do something."""
        assert select.select([self.channel], [], [], self.patience)[0], self.said()
        line = self._lines.readline()
        assert line, f"it ended: {self.said()}"
        return float(line)

    def move(self, now: float) -> None:
        """Let it be this time for the program."""
        self._lines.write(f"{now}\n")
        self._lines.flush()

    def said(self) -> str:
        """Return what it wrote to standard error."""
        return self.errors.read_text()


@contextlib.contextmanager
def moved_program(
    *words: str, environment: Mapping[str, str], folder: Path, patience: float
) -> Iterator[MovedProgram]:
    """with_token.py with these words, at a terminal of its own; it is killed if it does not end by itself."""
    ours, its = socket.socketpair()
    keyboard, terminal = os.openpty()
    errors = folder / "stderr"

    with errors.open("wb") as stderr, its:
        process = subprocess.Popen(
            [sys.executable, __file__, str(its.fileno()), *words],
            env=environment,
            cwd=folder,
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=[its.fileno()],
            start_new_session=True,
        )
    os.close(terminal)
    try:
        with ours:
            yield MovedProgram(process, ours, keyboard, errors, patience)
    finally:
        process.kill()
        process.wait(patience)
        os.close(keyboard)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
