"""What login.py does: keep an API key under its gateway's origin, tell which one is in force, remove it.

A key is kept for the gateway that the settings name, the hosted one where they name none, so that a changed
setting never sends it elsewhere.
"""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from linkfox_client import config
from linkfox_client.cli import output
from linkfox_client.config import HOSTED, LOCAL_KEY_PREFIX
from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.gateway import key_check, settings
from linkfox_client.gateway.settings import Settings
from linkfox_client.keys import key_files, keyring
from linkfox_client.local import gateway_folder
from linkfox_client.secrets import secret_input
from linkfox_client.secrets.secret import Secret

HOW_TO_PIPE = (
    "Pipe the key in (`python3 scripts/login.py < FILE`, or on macOS `pbpaste | python3 scripts/login.py`), "
    "or name its file with --key-file."
)


def command_of(options: SimpleNamespace) -> Callable[[SimpleNamespace], dict[str, Any]]:
    """Return what these options ask for."""
    if options.logout:
        return _logout
    return _status if options.status else _store


def _store(options: SimpleNamespace) -> dict[str, Any]:
    """Read a key, ask its gateway about it, and keep it unless it was refused. Raise ClientError."""
    gateway, gateway_from = settings.named_gateway(os.environ) or (HOSTED, "default")
    text, notes = _read(options)
    chosen = Settings(gateway, _checked_key(text), gateway_from, "login")
    if chosen.is_hosted and chosen.key.reveal().startswith(LOCAL_KEY_PREFIX):
        raise bad_arguments(
            "That is the key of a self-hosted gateway, and is never kept for, or sent to, the hosted one",
            "Set LINKFOX_TOOL_GATEWAY to the address of the gateway that it belongs to.",
        )
    checked = key_check.check(chosen)
    if checked.state == "refused" and checked.failure is not None:
        checked.failure.fields = {"gateway": chosen.origin, "check": "refused", "stored": None}
        raise checked.failure
    if checked.failure is not None:
        notes.append(f"{checked.failure.message}.")
    kept = _keep_in_file if options.insecure_file else _keep_in_keyring
    facts, more_notes = kept(chosen.origin, chosen.key)
    document = {"gateway": chosen.origin, "apiKey": chosen.key, "check": checked.state, **facts}
    return _with(document, [*notes, *more_notes, *_used_instead(chosen)], sandbox=checked.sandbox)


def _status(options: SimpleNamespace) -> dict[str, Any]:
    """Return the pair that the scripts use, where it comes from, and whether the gateway takes the key.

    A key that does not work is the failure that it causes, with the same fields beside it.
    """
    chosen = settings.load(os.environ)
    checked = key_check.check(chosen)
    facts = {
        "gateway": chosen.gateway,
        "gatewayFrom": chosen.gateway_from,
        "apiKey": chosen.key,
        "keyFrom": chosen.key_from,
        "check": checked.state,
    }
    if checked.failure is not None and checked.failure.reason != "key_lacks_right":
        checked.failure.fields = facts
        raise checked.failure
    if chosen.note:
        output.notify(chosen.note)
    return _with(facts, [chosen.note] if chosen.note else [], sandbox=chosen.sandbox or checked.sandbox)


def _logout(options: SimpleNamespace) -> dict[str, Any]:
    """Remove the key that is kept for the gateway, from the keyring and from its file. Raise ClientError."""
    gateway, gateway_from = settings.named_gateway(os.environ) or (HOSTED, "default")
    origin = config.origin_of(gateway)
    removed = ["file"] if key_files.delete(origin) else []
    try:
        if keyring.delete(origin):
            removed.insert(0, "keyring")
    except keyring.KeyringUnavailable as problem:
        if not problem.is_missing:
            raise ClientError(
                "not_set_up",
                f"The key may still be in the keyring: {problem}",
                "Unlock the keyring and run the command again.",
                fields={"gateway": origin, "removed": removed},
            ) from None
    variable = _key_variable(gateway_from)
    notes = [f"{variable} is still set, and is used."] if variable else []
    return _with({"gateway": origin, "removed": removed}, notes)


def _read(options: SimpleNamespace) -> tuple[str, list[str]]:
    if options.key_file is not None:
        return secret_input.from_file(Path(options.key_file), "--key-file")
    return secret_input.from_standard_input("The API key", HOW_TO_PIPE), []


def _checked_key(text: str) -> Secret:
    key = text.removeprefix("Bearer ").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise bad_arguments("That is no API key: it holds spaces, line ends or characters that no key has")
    return Secret(key)


def _keep_in_keyring(origin: str, key: Secret) -> tuple[dict[str, Any], list[str]]:
    try:
        keyring.write(origin, key)
    except keyring.KeyringUnavailable as problem:
        raise ClientError(
            "not_set_up",
            f"The key was not stored: {problem}",
            "Run it again with --insecure-file to keep the key in a file that only you can read, "
            "or set LINKFOX_AGENT_API_KEY.",
        ) from None
    key_files.delete(origin)  # an older one, which nobody would look at any more
    return {"stored": "keyring"}, []


def _keep_in_file(origin: str, key: Secret) -> tuple[dict[str, Any], list[str]]:
    path = key_files.write(origin, key)
    notes = [f"The key stands unencrypted in {path}, which only you can read."]
    try:
        keyring.delete(origin)  # it would be used instead of the file
    except keyring.KeyringUnavailable as problem:
        if not problem.is_missing:
            notes.append(
                f"A key that the keyring may hold for this gateway is used before the file: {problem}."
            )
    return {"stored": "file", "file": str(path)}, notes


def _used_instead(stored: Settings) -> list[str]:
    """Return a note where the scripts go on using another pair than the one that was just stored."""
    variable = _key_variable(stored.gateway_from)
    if variable:
        return [f"{variable} is set and is used instead of the stored key."]
    if stored.gateway_from == "default":
        data_dir = gateway_folder.locate(gateway_folder.read_settings(os.environ))
        if data_dir is not None:
            return [
                f"The scripts use the local gateway in {data_dir}; "
                f"set LINKFOX_TOOL_GATEWAY={HOSTED} to use the hosted one."
            ]
    return []


def _key_variable(gateway_from: str) -> str | None:
    """Return the variable whose key is used before a stored one, and where it is set; None without one."""
    for place in config.places(os.environ):
        key = place.first(config.KEY_NAMES)
        if key is not None and gateway_from in ("default", place.name):
            return f"{key[0]} ({place.name})"
    return None


def _with(document: dict[str, Any], notes: list[str], *, sandbox: bool = False) -> dict[str, Any]:
    return document | ({"notes": notes} if notes else {}) | ({"sandbox": True} if sandbox else {})
