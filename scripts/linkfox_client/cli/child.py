"""Running another program: this process becomes it, or a child does the work where systems cannot do that."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

from linkfox_client.errors import ClientError, bad_arguments

# Ctrl-C, Ctrl-\ and Windows' Ctrl-Break; what else a program may be told by a signal.
OF_THE_KEYBOARD = ("SIGINT", "SIGQUIT", "SIGBREAK")
PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


def find_command(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the path of the program that `command` names. Raise ClientError (`bad_arguments`) for none."""
    found = shutil.which(command[0], path=environ.get("PATH"))
    if found is not None:
        return found
    path = Path(command[0])
    if path.suffix == ".py" and path.is_file():
        hint = f"Python runs that file: `-- {shlex.join(['python3', str(path.absolute())])}`."
    elif path.is_file():
        hint = "That file cannot be run by itself: put its interpreter before it, or make it executable."
    else:
        hint = f"Name a program on the PATH, or one by its absolute path: a relative one starts in {_here()}."
    raise bad_arguments(f"There is no command {command[0]!r} that can be run", hint)


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return "the working directory"


def replace_with(program: str, command: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Become `command`; on Windows, which cannot do that, run it as a child and end with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed before the start, as by `>&-`
            stream.flush()
    if os.name == "nt":
        sys.exit(run_and_pass_on([program, *command[1:]], environ))
    # Python ignores these two, and what is ignored stays so in the program that takes over.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(program, list(command), dict(environ))  # noqa: S606 - running it is what was asked for
    except OSError as problem:
        raise _not_started(command[0], problem) from None


def run_and_pass_on(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` to its end and return its exit code, as `SignalRelay.run` does."""
    with SignalRelay() as relay:
        return relay.run(command, environ)


class SignalRelay:
    """Passes the signals that reach this process on to a child, while this context is entered.

    What comes before there is a child is passed on as soon as there is, and carried out at the end where none
    came to be. So whatever is made for the child within the context is taken away again.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._former: dict[int, Any] = {}
        self._of_the_keyboard = _numbers(OF_THE_KEYBOARD)

    def __enter__(self) -> Self:
        """Take over the signals; what is ignored stays so, here and in the child, as under `nohup`."""
        for number in [*self._of_the_keyboard, *_numbers(PASSED_ON)]:
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_IGN, None):
                self._former[number] = handler
                signal.signal(number, self._pass_on)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        for number in self._early:
            signal.raise_signal(number)

    def run(self, command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run `command` to its end and return its exit code.

        Ctrl-Z stops both and `fg` lets both go on, which needs nothing of ours. Raise ClientError
        (`bad_arguments`) where it cannot be started.
        """
        try:
            self._child = subprocess.Popen(list(command), env=dict(environ))  # noqa: S603 - what was asked for
        except OSError as problem:
            raise _not_started(command[0], problem) from None
        while self._early:
            number = self._early.pop(0)
            # Windows sends a process nothing but its end.
            self._child.send_signal(signal.SIGTERM if os.name == "nt" else number)
        return _exit_code(self._child.wait())

    def _pass_on(self, number: int, _: object) -> None:
        if self._child is None:
            self._early.append(number)
        elif number not in self._of_the_keyboard or not _shares_the_keyboard():
            self._child.send_signal(number)


def _numbers(names: Sequence[str]) -> list[int]:
    """Return the numbers of those signals that this system knows."""
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _shares_the_keyboard() -> bool:
    """Tell whether what a key sends goes to the child as well.

    So it is with all processes of a Windows console, and with those in the foreground of a terminal.
    """
    if os.name == "nt":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # there is none
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _exit_code(code: int) -> int:
    """Return the code that this process has to end with to show the same as its child.

    Windows' codes are unsigned (Ctrl-C is 0xC000013A) and sys.exit takes signed ones; elsewhere a shell shows
    128 and the signal's number.
    """
    if code < 0:
        return 128 - code
    return code - 2**32 if code >= 2**31 else code


def _not_started(program: str, problem: OSError) -> ClientError:
    return bad_arguments(
        f"The command {program!r} could not be started: {problem.strerror}",
        "A script without a #! line needs its interpreter in front of it.",
    )
