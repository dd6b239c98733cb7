"""The one JSON document on standard output, and the lines for people on standard error."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from linkfox_client.secrets.masking import Secrets
from linkfox_client.secrets.secret import Secret
from linkfox_client.text import cleaned

# Larger whole numbers are changed by JavaScript and by jq before 1.7, which read them as fractions.
LARGEST_EXACT = 2**53
# What Amazon answered is told as it came, without a field of ours in it.
VERBATIM = "body"
# In characters: what agents' harnesses take of one command.
LONGEST_DOCUMENT = 20_000
# The document, and what stands in it under a name, such as `error` or `store`.
BROKEN_LEVELS = 2

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
    """Return `document` as masked JSON text: a field a line, and of a list of objects an object a line."""
    return _laid_out(_with_texts(secrets.masked(document, revealed)))


def one_line(value: object) -> str:
    """Return a part of a document as it stands there on one line."""
    return json.dumps(_with_texts(value), ensure_ascii=False, default=str)


def _laid_out(value: Any, depth: int = 0) -> str:
    if isinstance(value, dict) and value and depth < BROKEN_LEVELS:
        fields = [
            f"{json.dumps(name, ensure_ascii=False)}: {_laid_out(item, depth + 1)}"
            for name, item in value.items()
        ]
        return _broken("{", fields, "}", depth)
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return _broken("[", [json.dumps(item, ensure_ascii=False) for item in value], "]", depth)
    return json.dumps(value, ensure_ascii=False)


def _broken(start: str, lines: list[str], end: str, depth: int) -> str:
    indent = "  " * depth
    return f"{start}\n" + ",\n".join(f"{indent}  {line}" for line in lines) + f"\n{indent}{end}"


def _with_texts(value: Any) -> Any:
    """Return `value` with each number that not every reader keeps as a text, too, as in `profileIdText`."""
    if isinstance(value, list | tuple):
        return [_with_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    document = {}
    for name, item in value.items():
        document[name] = item if name == VERBATIM else _with_texts(item)
        numbers = item if isinstance(item, list) else [item]
        if any(isinstance(number, int) and abs(number) > LARGEST_EXACT for number in numbers):
            document[f"{name}Text"] = [str(number) for number in numbers] if numbers is item else str(item)
    return document


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
