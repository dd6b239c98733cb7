"""What local_gateway.py takes and does.

Starting, stopping and looking are this module's own. What the operator does beside a gateway is the gateway's
own: `gateway/cli/commands.json` lists it with what it takes, and the words are passed on to its program.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.child import replace_with
from linkfox_client.cli.fields import option_name
from linkfox_client.cli.values import Wrong, either, read_path
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.local import beside, gateway_folder, gateway_program, local_gateway
from linkfox_client.paths import BUNDLE

LONGEST_WORD = 4096


def declare(arguments: Arguments) -> None:
    """Declare the command, its word and the flags of all commands."""
    listed = _listed()
    for name, about in listed.items():
        if "example" in about:
            arguments.example(f"python3 scripts/local_gateway.py {name} {about['example']}".rstrip())
    own = ("serve", "start", "stop", "status")
    others = [name for name in listed if name not in own]
    arguments.positional(
        "command",
        "what to do",
        choices=(*own, *others),
        required=True,
        guarded=[name for name, about in listed.items() if about.get("guarded")],
        also={word: name for name, about in listed.items() for word in about.get("alsoCalled", ())},
    )
    words = {name: about["word"] for name, about in listed.items() if "word" in about}
    meaning = "; ".join(f"{name}: {word['help']}" for name, word in words.items())
    arguments.positional("name", meaning, most=LONGEST_WORD)
    arguments.switch("--sandbox", "work with the stand-in Amazon, in a data folder of its own")
    arguments.switch("--real", "start: a real gateway beside a sandbox, though no application is set yet")
    arguments.at_most_one("--sandbox", "--real")
    for flag, commands in _commands_of_flags(listed).items():
        option = next(option for option in listed[commands[0]]["options"] if option["flag"] == flag)
        _declare_flag(arguments, option, ", ".join(commands))
    arguments.check(lambda options: _check(options, listed))


def run(options: SimpleNamespace) -> dict[str, Any]:
    """Do what the command says; return the document's fields. Raise ClientError."""
    own: Mapping[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
        "serve": serve,
        "start": start,
        "stop": stop,
        "status": status,
    }
    return own.get(options.command, pass_on)(options)


def serve(options: SimpleNamespace) -> NoReturn:
    """Become the gateway, in the foreground; it prints its own document."""
    words = gateway_program.program("serve", _named_folder(options), _flags(options, "serve"))
    replace_with(words[0], words, os.environ)


def start(options: SimpleNamespace) -> dict[str, Any]:
    """Start the gateway in the background unless it runs; `started` tells whether this call did it."""
    data_dir = _named_folder(options)
    if not options.sandbox and not options.real and not gateway_folder.is_set_up(data_dir):
        _refuse_beside_sandbox()
    flags = _flags(options, "serve")
    if options.port is None:
        flags += gateway_folder.remembered_port(data_dir, gateway_folder.read_settings(os.environ))
    running, started = local_gateway.start(data_dir, flags)
    log = str(data_dir / "gateway.log")
    facts = {"running": True, "started": started, "dataDir": str(data_dir), **running.facts(), "log": log}
    return facts | _told_of_others(data_dir)


def _refuse_beside_sandbox() -> None:
    """Raise ClientError where a new real gateway would hide the sandbox that is all there is."""
    sandbox = beside.only_sandbox(os.environ)
    if sandbox is not None:
        raise ClientError(
            "not_set_up",
            f"Only {beside.described(sandbox)} is set up here, and no application for a real gateway; with a "
            "real one beside it the scripts would show its empty lists",
            f"Start the sandbox with `{gateway_folder.command(sandbox, 'start')}`. For a real gateway set "
            "its application first (references/self-hosting.md), or start an empty one with "
            "`python3 scripts/local_gateway.py start --real`.",
        )


def _told_of_others(data_dir: Path) -> dict[str, Any]:
    """Return the note on a second gateway: which of the two the scripts use, and how to use the other."""
    others = beside.others(os.environ, data_dir)
    if not others:
        return {}
    used = gateway_folder.locate(gateway_folder.read_settings(os.environ))
    if used == data_dir:
        said = f"The scripts use this gateway. Beside it there is {beside.described(others[0])}."
        return {"notes": [f"{said} {beside.way_to(os.environ, others[0])}"]}
    said = f"The scripts do not use this gateway, but {beside.described(used or others[0])}."
    return {"notes": [f"{said} {beside.way_to(os.environ, data_dir, 'this one')}"]}


def stop(options: SimpleNamespace) -> dict[str, Any]:
    """Stop the gateway and wait until it has ended; `stopped` tells whether there was one."""
    data_dir = _known_folder(options)
    stopped = local_gateway.stop(data_dir)
    return {"running": False, "stopped": stopped is not None, "dataDir": str(data_dir)}


def status(options: SimpleNamespace) -> dict[str, Any]:
    """Tell whether the gateway runs, where, whether it is ready, and what somebody should look after."""
    data_dir = _known_folder(options)
    running = gateway_folder.probe(data_dir)
    facts = running.facts() | _readiness(running, data_dir) if running else {}
    set_up = gateway_folder.is_set_up(data_dir)
    return {"running": running is not None, "setUp": set_up, "dataDir": str(data_dir), **facts}


def _readiness(running: gateway_folder.Running, data_dir: Path) -> dict[str, Any]:
    """Return `ready`, `checks`, `reasons` and `attention` of `/readyz`; else `notes` that say why not."""
    from linkfox_client.gateway import settings
    from linkfox_client.gateway.client import Gateway
    from linkfox_client.gateway.key_check import SECONDS

    try:
        local = local_gateway.of_running(running, data_dir)
        # On loopback it would tell without a key; on another address of this machine it would not.
        with Gateway(settings.of_local(local), timeouts=SECONDS) as gateway:
            document = json.loads(gateway.get("/readyz").body)
    except ClientError as failure:
        return {"notes": [f"{failure.message}. {failure.hint}"]}
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("checks"), dict):
        return {"notes": [f"What answers at {local.url} does not say whether it is ready."]}
    found = {"ready": document.get("status") == "ready", "checks": document["checks"]}
    return found | {name: document[name] for name in ("reasons", "attention") if document.get(name)}


def pass_on(options: SimpleNamespace) -> dict[str, Any]:
    """Have the gateway's own program do the command beside the gateway, whether that runs or not."""
    words = _flags(options, options.command)
    if options.name is not None:
        word = _listed()[options.command]["word"]
        words += ["--", _absolute(options.name) if word["kind"] == "path" else options.name]
    return gateway_program.beside(_known_folder(options), options.command, words)


def _listed() -> dict[str, dict[str, Any]]:
    """Return the commands of the gateway's program, which a copy without the gateway lists, too."""
    text = (BUNDLE / "gateway" / "cli" / "commands.json").read_text(encoding="utf-8")
    listed: dict[str, dict[str, Any]] = json.loads(text)
    return listed


def _commands_of_flags(listed: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the flags, each with the commands that it belongs to; what `serve` takes, `start` takes too."""
    found: dict[str, list[str]] = {}
    for name, about in listed.items():
        for option in about.get("options", ()):
            found.setdefault(option["flag"], []).extend([name, "start"] if name == "serve" else [name])
    return found


def _declare_flag(arguments: Arguments, option: Mapping[str, Any], commands: str) -> None:
    meaning = f"{commands}: {option['help']}"
    default = ", else ".join(str(option[name]) for name in ("setting", "default") if name in option)
    if default:
        meaning += f" (default {default})"
    if option["kind"] == "switch":
        arguments.switch(option["flag"], meaning)
    elif option["kind"] == "path":
        arguments.path(option["flag"], meaning)
    elif option["kind"] == "integer":
        arguments.integer(option["flag"], meaning, least=option["least"], most=option["most"])
    else:
        arguments.text(option["flag"], meaning, metavar=option["metavar"], least=option.get("least", 1))
    if option.get("guarded"):
        arguments.guard(option["flag"])


def _check(options: SimpleNamespace, listed: Mapping[str, Any]) -> None:
    """Raise `bad_arguments` where a word or a flag does not belong to the command, or is missing."""
    words = {name: about["word"] for name, about in listed.items() if "word" in about}
    word = words.get(options.command)
    lacking = word is not None and options.name is None and not word.get("optional")
    if lacking or (word is None and options.name is not None):
        calls = [f"{name} {word['metavar']}" for name, word in words.items()]
        raise bad_arguments(
            f"{' and '.join([', '.join(calls[:-1]), calls[-1]])} take one word, the others none"
        )
    for flag, commands in _commands_of_flags(listed).items():
        if _value(options, flag) not in (None, False) and options.command not in commands:
            raise bad_arguments(f"{flag} is only for use with {either(commands)}")
    for option in listed.get(options.command, {}).get("options", ()):
        if option.get("required") and _value(options, option["flag"]) is None:
            raise bad_arguments(f"Missing: {option['flag']} PATH, {option['help'].partition(' (')[0]}")


def _flags(options: SimpleNamespace, command: str) -> list[str]:
    """Return the flags for the gateway's program: the command's that were given, paths made absolute."""
    words = ["--sandbox"] if options.sandbox and command == "serve" else []
    for option in _listed().get(command, {}).get("options", ()):
        value = _value(options, option["flag"])
        if option["kind"] == "switch":
            words += [option["flag"]] if value else []
        elif value is not None:
            words += [option["flag"], _absolute(value) if option["kind"] == "path" else str(value)]
    return words


def _value(options: SimpleNamespace, flag: str) -> Any:
    return getattr(options, option_name(flag))


def _absolute(path: str) -> str:
    """Return a path as the gateway's program takes it, which runs elsewhere. Raise ClientError for none."""
    try:
        return str(Path(read_path(path)).absolute())
    except Wrong as wrong:
        raise bad_arguments(f"{path} {wrong}", wrong.hint) from None


def _named_folder(options: SimpleNamespace) -> Path:
    """Return the folder of the gateway to start: the sandbox's, or the real one's."""
    return gateway_folder.data_folder(gateway_folder.read_settings(os.environ), sandbox=options.sandbox)


def _known_folder(options: SimpleNamespace) -> Path:
    """Return the sandbox's folder if it was named; else that of the gateway which scripts would use."""
    settings = gateway_folder.read_settings(os.environ)
    named = gateway_folder.data_folder(settings, sandbox=options.sandbox)
    return named if options.sandbox else gateway_folder.locate(settings) or named
