"""The one JSON document on standard output, and the lines for people on standard error."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from linkfox_client.secrets.masking import Secrets
from linkfox_client.secrets.secret import Secret
from linkfox_client.text import cleaned

# What is larger than this is printed without indentation: agents' harnesses cut long output.
LONGEST_INDENTED = 8_000

secrets = Secrets()
"""The secrets seen by this process. There is one, because one standard output is to be kept clean."""


class Revealed(NamedTuple):
    """A document some of whose secrets are to leave whole, because somebody asked for it on purpose.

    `bare`: it is printed as it is, without `ok`, for programs that read its fields and no others.
    """

    document: dict[str, Any]
    secrets: tuple[Secret, ...]
    bare: bool = False


def rendered(document: Mapping[str, Any], revealed: Iterable[Secret] = ()) -> str:
    """Return `document` as masked JSON text, indented where it is short."""
    masked = secrets.masked(document, revealed)
    text = json.dumps(masked, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST_INDENTED else json.dumps(masked, ensure_ascii=False)


def print_document(document: Mapping[str, Any], revealed: Iterable[Secret] = ()) -> None:
    """Print the document. A reader that has gone away is no failure of the command."""
    print_text(rendered(document, revealed))


def print_text(text: str) -> None:
    """Print on standard output; ends the process with 1 where that cannot be written, as on a full disk."""
    if sys.stdout is None:  # it was closed before the start, as by `>&-`
        notify("Standard output is closed: nothing could be printed")
        sys.exit(1)
    try:
        print(text, flush=True)
    except OSError as problem:
        # Otherwise the interpreter tries to flush once more at its end, and complains on standard error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(problem, BrokenPipeError):
            notify(f"Standard output could not be written: {problem.strerror}")
            sys.exit(1)


def notify(line: str) -> None:
    """Print one line for a person on standard error; secrets in it are masked."""
    try:
        print(secrets.scrub(cleaned(line, 10_000)), file=sys.stderr, flush=True)
    except (OSError, ValueError):  # nobody listens there: not a reason to fail
        return
