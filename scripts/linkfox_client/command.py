"""The frame around every script: arguments in, one gateway call, one JSON document and an exit code out."""

import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from linkfox_client import paths
from linkfox_client.cli import output, runtime
from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.command_line import Help, Version
from linkfox_client.errors import EXIT_CODES, ClientError

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

Declare = Callable[[Arguments], None]
Answer = dict[str, Any] | output.Revealed


def main(about: str | None, declare: Declare, run: "Callable[[SimpleNamespace, Gateway], Answer]") -> None:
    """Run a script that calls the gateway, and end the process.

    `declare(arguments)` names the script's arguments, `run(options, gateway)` returns the fields of the
    document (or `output.Revealed`) or raises ClientError; `about` is the script's docstring. Fields that
    hold `ok` false and an `error` are a failure that came out in part.
    """

    def connected(options: SimpleNamespace) -> Answer:
        from linkfox_client.gateway.client import connect

        with connect() as gateway:
            try:
                return run(options, gateway)
            except (ClientError, KeyboardInterrupt) as ended:
                failure = ended if isinstance(ended, ClientError) else _interrupted()
                if gateway.sandbox:  # the mark is passed on whatever became of the call
                    failure.fields.setdefault("sandbox", True)
                raise failure from None

    main_local(about, declare, connected)


def main_local(about: str | None, declare: Declare, run: "Callable[[SimpleNamespace], Answer]") -> None:
    """Do as `main`, for a script that does without a gateway: `run(options)`."""
    sys.exit(execute(about or "", declare, run, sys.argv[1:]))


def execute(
    about: str, declare: Declare, run: "Callable[[SimpleNamespace], Answer]", words: Sequence[str]
) -> int:
    """Do what `main_local` does, but return the exit code instead of ending the process.

    Once there is something to print, Ctrl-C is ignored from then on: there is one document, and a whole one.
    """
    try:
        runtime.use_utf8()
        arguments = Arguments()
        declare(arguments)
        try:
            options = arguments.parse(words, about)
        except Help as text:
            _ignore_interrupts()
            output.print_text(str(text))
            return 0
        except Version:
            _ignore_interrupts()
            output.print_text(f"linkfox-amazon-auth {paths.version()}")
            return 0
        runtime.continue_in_venv()
        answer = run(options)
        if not isinstance(answer, output.Revealed):
            answer = output.Revealed(answer, ())
        document = answer.document if answer.bare else {"ok": True, **answer.document}
        _ignore_interrupts()
        output.print_document(document, answer.secrets)
        return EXIT_CODES[document["error"]["code"]] if document.get("ok") is False else 0
    except ClientError as error:
        return _fail(error)
    except ModuleNotFoundError as error:
        return _fail(runtime.missing_package(error) or _internal(error))
    except KeyboardInterrupt:
        return _fail(_interrupted())
    except Exception as error:  # whatever it is, the caller gets its one document
        return _fail(_internal(error))


def _interrupted() -> ClientError:
    return ClientError("interrupted", "Interrupted", "Run the command again to start over.")


def _ignore_interrupts() -> None:
    with contextlib.suppress(ValueError):  # in another thread than the main one, where no Ctrl-C arrives
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _fail(error: ClientError) -> int:
    _ignore_interrupts()
    output.print_document(error.document())
    return error.exit_code


def _internal(error: Exception) -> ClientError:
    from linkfox_client.text import cleaned

    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({place.tb_frame.f_code.co_qualname}, line {place.tb_lineno})" if place is not None else ""
    message = f"{type(error).__name__}: {cleaned(str(error), 200)}{where}"
    return ClientError("internal", message, "This is a fault of the script: report it with this message.")
