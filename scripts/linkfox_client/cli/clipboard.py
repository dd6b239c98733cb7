"""The clipboard, where there is one.

pyperclip runs in a child process of its own: `xclip` and `wl-copy` can hang without a desktop behind them,
and stay behind holding the standard output they inherited, so a reader of ours would wait for ever.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

# pyperclip does not look at the exit codes of the programs that it starts, so that is done here.
_COPY = """\
import subprocess, sys
started = []
class Noted(subprocess.Popen):
    def __init__(self, *words, **options):
        super().__init__(*words, **options)
        started.append(self)
subprocess.Popen = Noted
import pyperclip
copy, _ = pyperclip.determine_clipboard()
started.clear()
copy(sys.stdin.buffer.read().decode())
sys.exit(any(program.returncode for program in started))
"""


def copy(text: str, environ: Mapping[str, str], *, timeout: float = 3.0) -> bool:
    """Put `text` on the clipboard; False where there is none, or none that answers in `timeout` seconds."""
    if not may_have_clipboard(environ):
        return False
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and words; the text goes through the pipe
        [sys.executable, "-P", "-c", _COPY],
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child.communicate(text.encode(), timeout=timeout)
    except subprocess.TimeoutExpired:
        _end(child)
        return False
    return child.returncode == 0


def may_have_clipboard(environ: Mapping[str, str]) -> bool:
    """Tell whether the person may have a clipboard here; where it is plain, no process has to find out.

    Over SSH the clipboard of a Mac or of Windows is that of the machine at the other end.
    """
    if sys.platform in ("win32", "cygwin", "darwin"):
        return not is_over_ssh(environ)
    wsl = "microsoft" in platform.release().lower()
    return wsl or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def is_over_ssh(environ: Mapping[str, str]) -> bool:
    """Tell whether the person sits at another machine."""
    return any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"))


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End the child with whatever it started, which is where the hanging happens."""
    if sys.platform == "win32":
        child.kill()
    else:
        import signal

        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
