"""The arguments of the gateway's program: `commands.json` lists the operator's commands with what each takes.

`scripts/local_gateway.py` reads the same list, for its help and to pass the words on. What a command does is
in the module of its name, in the function `run`.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from gateway.errors import OperatorError
from gateway.util.command_names import PROGRAM
from gateway.util.paths import IS_INSTALLED
from gateway.util.version import version

COMMANDS_FILE = Path(__file__).parent / "commands.json"


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are JSON documents, too."""

    def error(self, message: str) -> NoReturn:
        """Raise OperatorError."""
        raise OperatorError(message, f"See {self.prog} --help.", "bad_arguments")


def command_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; `command` in what it returns is the command's name."""
    parser = _Parser(
        prog=PROGRAM if IS_INSTALLED else "gateway",
        description="The self-hosted Amazon authorization gateway.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    commands = parser.add_subparsers(dest="command", required=True)
    common = _Parser(add_help=False)
    common.add_argument("--data-dir", type=_path, help="the gateway's folder (default: GATEWAY_DATA_DIR)")
    common.add_argument("--sandbox", action="store_true", help="work with the stand-in Amazon")
    for name, about in json.loads(COMMANDS_FILE.read_text(encoding="utf-8")).items():
        _declare(commands.add_parser(name, parents=[common], help=about["help"]), about)
    # Not the operator's: doctor.py asks for it.
    check = commands.add_parser("check", parents=[common], help="look at settings, database and master key")
    check.add_argument("--offline", action="store_true", help="leave out what needs the network")
    return parser


def _declare(command: argparse.ArgumentParser, about: dict[str, Any]) -> None:
    if "word" in about:
        word = about["word"]
        command.add_argument(
            word["name"],
            type=_reader(word),
            nargs="?" if word.get("optional") else None,
            metavar=word["metavar"],
            help=word["help"],
        )
    for option in about.get("options", ()):
        if option["kind"] == "switch":
            command.add_argument(option["flag"], action="store_true", help=option["help"])
            continue
        command.add_argument(
            option["flag"],
            type=_reader(option),
            required=option.get("required", False),
            # Of what a setting says, too, the setting knows the default.
            default=None if "setting" in option else option.get("default"),
            help=option["help"],
        )


def _reader(declared: dict[str, Any]) -> Callable[[str], Any]:
    """Return what reads a value of the kind that was declared."""
    if declared["kind"] == "integer":
        return _between(declared["least"], declared["most"])
    return _path if declared["kind"] == "path" else str


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("expected a path")
    if text == "-":
        raise argparse.ArgumentTypeError("- is no file here, and no stream either: name a path")
    return Path(text).absolute()


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise argparse.ArgumentTypeError(f"expected a number from {lowest} to {highest}")
        return int(text)

    return number
