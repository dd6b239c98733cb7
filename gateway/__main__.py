"""Command line of the gateway: `python -I gateway/__main__.py COMMAND …`; one JSON document comes out.

In a bundle people call `scripts/local_gateway.py`, which starts this in a process of its own; where the
package is installed, `linkfox-gateway` is this.
"""

import importlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

if not __package__:
    # `python -I` leaves the script's folder out of the search path; this adds the bundle and nothing else.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gateway.cli.parser import command_parser
from gateway.errors import EXIT_CODES, OperatorError
from gateway.util import core_dumps

INTERRUPTED = OperatorError("the gateway was told to stop while it started", "Start it again.", "interrupted")


def run(arguments: list[str], **serve_with: Any) -> None:
    """Do what the arguments say. Raise OperatorError. `serve_with` goes to `serve`."""
    options = command_parser().parse_args(arguments)
    try:
        from gateway.monitoring.logs import set_up_logging

        set_up_logging()
        # Each command imports what it needs, and no more.
        command = importlib.import_module(f"gateway.cli.{options.command.replace('-', '_')}")
        document = command.run(options, **(serve_with if options.command == "serve" else {}))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "gateway":
            raise  # no set-up would bring a module of our own
        raise OperatorError(
            f"the Python package {error.name} is not installed",
            "Set everything up with: python3 scripts/quickstart.py --setup-only",
            "not_set_up",
        ) from None
    if document is not None:
        _print(document)


def main(arguments: list[str] | None = None, **serve_with: Any) -> int:
    """Run a command, print its failure as one JSON document, and return the exit code.

    `arguments`: those of the command line unless given. `serve_with` goes to `serve`.
    """
    # Workers and the stand-in inherit it.
    core_dumps.switch_off()
    try:
        run(sys.argv[1:] if arguments is None else arguments, **serve_with)
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
    sys.exit(main())
