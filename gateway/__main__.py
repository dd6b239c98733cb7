"""Command line of the gateway: `python -I gateway/__main__.py COMMAND …`; one JSON document comes out.

`scripts/local_gateway.py` is what people call; it starts this in a process of its own.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

# `python -I` leaves the script's folder out of the search path; this adds the bundle and nothing else.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gateway.errors import EXIT_CODES, OperatorError

INTERRUPTED = OperatorError("the gateway was told to stop while it started", "Start it again.", "interrupted")


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are JSON documents, too."""

    def error(self, message: str) -> NoReturn:
        raise OperatorError(message, f"See {self.prog} --help.", "bad_arguments")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gateway", description="The self-hosted Amazon authorization gateway.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", type=_path, help="the gateway's folder (default: GATEWAY_DATA_DIR)")
    common.add_argument("--sandbox", action="store_true", help="work with the stand-in Amazon")
    listed = json.loads((Path(__file__).parent / "cli" / "commands.json").read_text(encoding="utf-8"))
    for name, about in listed.items():
        command = commands.add_parser(name, parents=[common], help=about["help"])
        if "word" in about:
            word = about["word"]
            optional = {"nargs": "?"} if word.get("optional") else {}
            command.add_argument(
                word["name"], type=_reader(word), metavar=word["metavar"], help=word["help"], **optional
            )
        for option in about.get("options", ()):
            command.add_argument(
                option["flag"],
                type=_reader(option),
                required=option.get("required", False),
                default=option.get("default"),
                help=option["help"],
            )
    check = commands.add_parser("check", parents=[common], help="look at settings, database and master key")
    check.add_argument("--offline", action="store_true", help="leave out what needs the network")
    return parser


def _reader(declared: dict[str, Any]) -> Callable[[str], Any]:
    """Return what reads a value of the kind that cli/commands.json declares."""
    if declared["kind"] == "integer":
        return _between(declared["least"], declared["most"])
    return _path if declared["kind"] == "path" else str


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("expected a path")
    return Path(text).absolute()


def _between(lowest: int, highest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise argparse.ArgumentTypeError(f"expected a number from {lowest} to {highest}")
        return int(text)

    return number


def run(arguments: list[str], **serve_with: Any) -> None:
    """Do what the arguments say. Raises OperatorError. `serve_with` goes to `serve`."""
    options = _parser().parse_args(arguments)
    try:
        from gateway.monitoring.logs import set_up_logging

        set_up_logging()
        if options.command != "serve":
            _print(_beside(options))
            return
        from gateway.server.serve import ServeOptions, Stopped, serve
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"the Python package {error.name} is not installed",
            "Set everything up with: python3 scripts/quickstart.py --setup-only",
            "not_set_up",
        ) from None
    if (options.tls_cert is None) != (options.tls_key is None):
        raise OperatorError(
            "--tls-cert and --tls-key belong together", "Give both or neither.", "bad_arguments"
        )
    values = {name: value for name, value in vars(options).items() if name != "command"}
    try:
        serve(ServeOptions(**values), **serve_with)
    except Stopped:
        raise INTERRUPTED from None


def _beside(options: argparse.Namespace) -> dict[str, Any]:
    """Do what is done beside a gateway, and return its document. Each command imports what it needs."""
    place = {"data_dir": options.data_dir, "sandbox": options.sandbox}
    match options.command:
        case "check":
            from gateway.cli.check import check

            return check(**place, offline=options.offline)
        case "add-user":
            from gateway.cli.add_user import add_user

            return add_user(options.name, options.key_file, options.rights, **place)
        case "list-keys":
            from gateway.cli.keys import list_keys

            return list_keys(**place)
        case "revoke-key":
            from gateway.cli.keys import revoke_key

            return revoke_key(options.key_id, **place)
        case "rotate-master-key":
            from gateway.cli.rotate_master_key import rotate_master_key

            return rotate_master_key(options.new_key_file, **place)
        case "backup":
            from gateway.cli.backup import backup

            return backup(options.path, **place)
        case "copy-to":
            from gateway.cli.copy_to import copy_to

            return copy_to(options.url, **place)
        case "audit":
            from gateway.cli.audit import audit

            return audit(options.limit, options.offset, **place)
    raise AssertionError(options.command)


def main(arguments: list[str], **serve_with: Any) -> int:
    """Run a command, print its failure as one JSON document, and return the exit code."""
    try:
        run(arguments, **serve_with)
    except OperatorError as error:
        failure = error
    except KeyboardInterrupt:
        failure = INTERRUPTED
    except Exception:
        logging.getLogger("gateway").exception("an unexpected failure")
        failure = OperatorError(
            "the gateway failed in a way that it did not expect",
            "Read its log on standard error.",
            "internal",
        )
    else:
        return 0
    _print(failure.document())
    return EXIT_CODES[failure.code]


def _print(document: dict[str, Any]) -> None:
    # Pure ASCII comes out whole, whatever the locale says about standard output.
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
