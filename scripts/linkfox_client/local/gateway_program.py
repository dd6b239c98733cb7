"""The gateway's own program, `gateway/__main__.py`: its command line, its documents and its failures."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linkfox_client import paths
from linkfox_client.errors import EXIT_CODES, ClientError
from linkfox_client.local.gateway_folder import remembered_program

PROGRAM = paths.BUNDLE / "gateway" / "__main__.py"


def program(command: str, data_dir: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command line of the gateway's own program, under the interpreter that has its packages.

    Where this copy of the skill comes without a gateway, that is the one that ran last on `data_dir`, from
    wherever it is. Raise ClientError (`not_set_up`) where there is none either.
    """
    found = _find(data_dir)
    if found is None:
        raise missing()
    python, path = found
    # -I: nothing is imported from the working directory, nor from where PYTHONPATH says.
    return [python, "-I", path, command, "--data-dir", str(data_dir), *arguments]


def is_known(data_dir: Path) -> bool:
    """Tell whether there is a program for the gateway on `data_dir`, so that `program` returns it."""
    return _find(data_dir) is not None


def _find(data_dir: Path) -> tuple[str, str] | None:
    """Return the interpreter and the program: this copy's own, else those of the last run on `data_dir`."""
    if not PROGRAM.is_file():
        return remembered_program(data_dir)
    venv_python = paths.python_of(paths.BUNDLE / ".venv")
    return str(venv_python) if venv_python.is_file() else sys.executable, str(PROGRAM)


def missing() -> ClientError:
    """Return the failure of what needs a gateway in a copy of the skill that comes without one."""
    command = installing(paths.BUNDLE.parent)
    if command is not None:
        hint = f"Add it with `{command}`, then run the same command again."
    else:
        hint = (
            "Run `python3 scripts/local_gateway.py start` in a copy of the whole project: the scripts here "
            "use the gateway that it starts. Or use the hosted gateway: `python3 scripts/login.py` stores a "
            "key of it."
        )
    return ClientError("not_set_up", "This copy of the skill comes without a gateway", hint)


def installing(root: Path) -> str | None:
    """Return the command that installs the skill into the folder of skills `root` with its gateway.

    None where this copy was not installed, or that which it came out of is gone or has no gateway.
    """
    origin = paths.installed_from()
    if origin is None or not (origin / "gateway" / "__main__.py").is_file():
        return None
    installer = str(origin / "scripts" / "install_skill.py")
    return shlex.join(["python3", installer, "--into", str(root), "--with-gateway"])


def beside(data_dir: Path, command: str, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Run a command of the gateway's program beside the gateway on `data_dir`, whether that runs or not.

    Returns the fields of its document. Raise ClientError with the gateway's own error.
    """
    words = program(command, data_dir, arguments)
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603
    document = document_of(done.stdout)
    if done.returncode or document.get("ok") is not True:
        raise failure_of(document, done.returncode, f"{command} failed", "Read the lines above it.")
    return {name: value for name, value in document.items() if name != "ok"}


def document_of(printed: bytes) -> dict[str, Any]:
    """Return the JSON object that the program printed; an empty one where it printed none."""
    try:
        document = json.loads(printed)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def failure_of(document: dict[str, Any], exit_code: int, what: str, otherwise: str) -> ClientError:
    """Return the failure that the gateway's program printed.

    Where it printed none, `otherwise` is the hint.
    """
    error = document.get("error")
    if not isinstance(error, dict) or error.get("code") not in EXIT_CODES:
        return ClientError(
            "gateway_failed", f"{what}: its program ended with exit code {exit_code}", otherwise
        )
    return ClientError(
        error["code"],
        f"{what}: {error.get('message')}" if what else str(error.get("message")),
        str(error.get("hint")),
        retryable=error.get("retryable") is True,
        reason=reason if isinstance(reason := error.get("reason"), str) else None,
    )
