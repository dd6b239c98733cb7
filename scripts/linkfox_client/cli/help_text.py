"""The text of a script's --help."""

import sys
from collections.abc import Sequence
from pathlib import Path

from linkfox_client.cli.fields import Field
from linkfox_client.errors import EXIT_CODES

WIDTH = 100
OF_A_COMMAND = (
    "Once the command runs, standard output and the exit code are its own: a 4 of its is none of these.",
    "Before that, as with every script:",
)


def help_text(fields: Sequence[Field], rest: Field | None, about: str, examples: Sequence[str]) -> str:
    """Return the text of --help: what the script says of itself, its arguments and the exit codes.

    `rest` is what stands after `--`, where the script takes that.
    """
    rows = [(f"{field.flag} {field.metavar}".strip(), field) for field in fields]
    rows += [(rest.metavar, rest)] if rest else []
    width = min(30, max([len("--help"), *(len(left) for left, _ in rows)]))
    lines = [
        f"  {left:<{width}}  {field.help}{' (needed)' if field.required else ''}" for left, field in rows
    ]
    lines.append(f"  {'--help':<{width}}  this text")
    by_exit: dict[int, list[str]] = {}
    for code, number in EXIT_CODES.items():
        by_exit.setdefault(number, []).append(code)
    codes = [
        "  0    done",
        *(f"  {number:<3}  {', '.join(names)}" for number, names in sorted(by_exit.items())),
    ]
    return "\n".join(
        [
            _usage(fields, rest),
            "",
            about.strip(),
            "",
            *([*examples, ""] if examples else []),
            "Arguments (or one JSON object instead, with the flags' names in camelCase as keys):",
            *lines,
            "",
            *(OF_A_COMMAND if rest else ()),
            "Standard output is one JSON document. Exit codes, by the document's error.code:",
            *codes,
        ]
    )


def _usage(fields: Sequence[Field], rest: Field | None) -> str:
    """Return how the script is called, as the first lines of --help say it."""
    words = []
    for field in fields:
        # A word without a flag is told by its name, any other argument with what it takes.
        call = field.flag if field.is_positional else f"{field.flag} {field.metavar}".strip()
        words.append(call if field.required else f"[{call}]")
    if rest is not None:
        words.append(rest.metavar)
    lines = [f"usage: {Path(sys.argv[0]).name}"]
    for word in words:
        if len(lines[-1]) + len(word) >= WIDTH:
            lines.append(" " * len("usage:"))
        lines[-1] += f" {word}"
    return "\n".join(lines)
