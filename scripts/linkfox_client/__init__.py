"""What the scripts share. This file alone runs on every Python 3: it turns an older one away in words.

An older Python continues under the bundle's `.venv` where that is there; otherwise it prints the failure
document and leaves with exit code 3. On a newer one, importing this package does nothing but make sure that a
script which Ctrl-C ends among its imports prints its document, too.
"""

import os
import sys

TYPE_CHECKING = False  # typing itself would cost time at every start
if TYPE_CHECKING:
    from types import TracebackType

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)  # the newest that everything is tried with
PYTHONS = "%d.%d to %d.%d" % (OLDEST_PYTHON + NEWEST_PYTHON)

INTERRUPTED = """{
  "ok": false,
  "error": {
    "code": "interrupted",
    "message": "Interrupted",
    "hint": "Run the command again to start over.",
    "retryable": false
  }
}"""


def _print_interrupted(
    kind: "type[BaseException]", error: BaseException, trace: "TracebackType | None"
) -> None:
    """Print the document in the place of sys.excepthook: Ctrl-C came before the script's own frame could."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    try:
        print(INTERRUPTED, flush=True)
    finally:
        os._exit(130)


def _runs_a_script() -> bool:
    """Tell whether the program is one of the scripts beside this package."""
    program = getattr(sys.modules.get("__main__"), "__file__", None)
    if program is None:
        return False
    # Not by pathlib: it imports much on Python 3.14, and Ctrl-C meanwhile would find no hook in place.
    scripts = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
    return bool(os.path.dirname(os.path.realpath(program)) == scripts)  # noqa: PTH120


def _turn_away() -> None:
    import json
    import subprocess
    from pathlib import Path

    script = Path(sys.argv[0])
    venv = Path(__file__).resolve().parent.parent.parent / ".venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    inside = os.path.realpath(sys.prefix) == str(venv) or sys.executable == str(python)
    if script.is_file() and python.is_file() and (venv / "pyvenv.cfg").is_file() and not inside:
        command = [str(python), *sys.argv]
        if os.name == "nt":
            sys.exit(subprocess.call(command))  # noqa: S603 - the same script, under our own interpreter
        os.execv(command[0], command)  # noqa: S606
    oldest = "%d.%d" % OLDEST_PYTHON
    failure = {
        "code": "not_set_up",
        "message": "Python %s or newer is needed, and this is Python %s."
        % (oldest, "%d.%d.%d" % sys.version_info[:3]),
        "hint": "Run the same command with Python %s: python%s scripts/%s" % (PYTHONS, oldest, script.name),
        "retryable": False,
    }
    print(json.dumps({"ok": False, "error": failure}, indent=2))
    sys.exit(3)


if _runs_a_script():
    sys.excepthook = _print_interrupted
if sys.version_info < OLDEST_PYTHON:
    _turn_away()
