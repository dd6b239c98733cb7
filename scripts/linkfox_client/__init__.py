"""What the scripts share. This file alone runs on every Python 3: it turns an older one away in words.

An older Python continues under the bundle's `.venv` where that is there; otherwise it prints the failure
document and leaves with exit code 3. On Python 3.11 and newer, importing this package does nothing but make
sure that a script which Ctrl-C ends among its imports prints its document, too.
"""

import os
import sys

INTERRUPTED = """{
  "ok": false,
  "error": {
    "code": "interrupted",
    "message": "Interrupted",
    "hint": "Run the command again to start over.",
    "retryable": false
  }
}"""


def _print_interrupted(kind, error, trace):
    """In the place of sys.excepthook: Ctrl-C before the script's own frame was there to handle it."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    try:
        print(INTERRUPTED, flush=True)
    finally:
        os._exit(130)


def _runs_a_script():
    """True where the program is one of the scripts beside this package."""
    program = getattr(sys.modules.get("__main__"), "__file__", None)
    if program is None:
        return False
    # Not by pathlib: it imports much on Python 3.14, and Ctrl-C meanwhile would find no hook in place.
    scripts = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
    return os.path.dirname(os.path.realpath(program)) == scripts  # noqa: PTH120


def _turn_away():
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
    failure = {
        "code": "not_set_up",
        "message": "Python 3.11 or newer is needed, and this is Python %d.%d.%d." % sys.version_info[:3],
        "hint": "Run the same command with Python 3.11, 3.12 or 3.13: python3.11 scripts/" + script.name,
        "retryable": False,
    }
    print(json.dumps({"ok": False, "error": failure}, indent=2))
    sys.exit(3)


if _runs_a_script():
    sys.excepthook = _print_interrupted
if sys.version_info < (3, 11):
    _turn_away()
