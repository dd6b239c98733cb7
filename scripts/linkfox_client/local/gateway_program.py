"""The gateway's own program, `gateway/__main__.py`: its command line, its documents and its failures."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linkfox_client import paths
from linkfox_client.errors import EXIT_CODES, ClientError

PROGRAM = paths.BUNDLE / "gateway" / "__main__.py"


def program(command: str, data_dir: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command line of the gateway's own program, under the interpreter that has its packages.

    Raise ClientError (`not_set_up`) where this copy of the bundle comes without a gateway.
    """
    if not PROGRAM.is_file():
        raise ClientError(
            "not_set_up",
            "This copy of the skill comes without a gateway",
            "Run local_gateway.py in the whole project, or use the hosted gateway.",
        )
    venv_python = paths.python_of(paths.BUNDLE / ".venv")
    python = str(venv_python) if venv_python.is_file() else sys.executable
    # -I: nothing is imported from the working directory, nor from where PYTHONPATH says.
    return [python, "-I", str(PROGRAM), command, "--data-dir", str(data_dir), *arguments]


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
