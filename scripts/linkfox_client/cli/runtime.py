"""Where a script runs: under the bundle's `.venv` where that is there, with UTF-8 streams in any locale."""

import contextlib
import os
import sys
from pathlib import Path

from linkfox_client.errors import ClientError
from linkfox_client.paths import BUNDLE, python_of

SETUP_HINT = (
    "Run `python3 scripts/quickstart.py --setup-only` in the skill's folder, or install the packages for the "
    "Python that you call: `python3 -m pip install -r requirements.txt`."
)


def use_utf8() -> None:
    """Make the standard streams UTF-8, whatever the locale and PYTHONIOENCODING say."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # None where a stream was closed or replaced
        if reconfigure is not None:
            reconfigure(
                encoding="utf-8", errors="surrogateescape" if stream is sys.stdin else "backslashreplace"
            )


def continue_in_venv(bundle: Path = BUNDLE) -> None:
    """Start over under the bundle's `.venv`, unless this is it, or there is none that works.

    On POSIX the process is replaced; on Windows, which cannot do that, a child does the work and its exit
    code becomes this process's. Nothing may have been read from standard input before.
    """
    venv = bundle / ".venv"
    python = python_of(venv)
    # Without pyvenv.cfg the interpreter in there would not know that it is in a virtual environment, and
    # with PYTHONHOME or -S it does not say so: each of the tests keeps this from going round in circles.
    if _same(sys.prefix, venv) or os.path.abspath(sys.executable) == str(python):  # noqa: PTH100
        return
    if not (venv / "pyvenv.cfg").is_file() or not python.is_file():
        return
    command = [str(python), *sys.orig_argv[1:]]
    # One that cannot be executed, or is for another kind of machine: this Python may have the packages.
    if os.name == "nt":
        from linkfox_client.cli.child import run_and_pass_on

        with contextlib.suppress(ClientError):
            sys.exit(run_and_pass_on(command, os.environ))
    else:
        with contextlib.suppress(OSError):
            os.execv(command[0], command)  # noqa: S606 - the same script, under our own interpreter


def _same(one: str, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def missing_package(error: ModuleNotFoundError) -> ClientError | None:
    """Return the failure of a Python without a package that the scripts need.

    None for a module of our own.
    """
    if (error.name or "").startswith("linkfox_client"):
        return None
    python = python_of(BUNDLE / ".venv")
    # The set-up is there, and was not entered, as with -S; or it lacks what came with a newer version.
    entered = f"Call the script with {python}, which has the packages. If that says the same: "
    hint = f"{entered if python.is_file() else ''}{SETUP_HINT}"
    return ClientError("not_set_up", f"The Python package {error.name} is not installed", hint)
