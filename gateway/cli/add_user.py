"""Adding a user, or a further API key for one: the key goes into a new file and is shown nowhere."""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.cli.opening import opened, settings_of
from gateway.errors import OperatorError
from gateway.model import Right
from gateway.settings.settings import Settings
from gateway.util.private_files import create_private, replace_private
from gateway.util.secret import Secret
from gateway.vault import users
from gateway.vault.users import ALL_RIGHTS, UserExists


def parse_rights(flag: str, text: str) -> tuple[Right, ...]:
    """Return the rights that a comma-separated list names, in their usual order. Raise OperatorError."""
    named = {word.strip().lower() for word in text.split(",")}
    if not named <= set(ALL_RIGHTS):
        raise OperatorError(
            f"{flag} has to be some of {', '.join(ALL_RIGHTS)}, separated by commas",
            "Correct it.",
            "bad_arguments",
        )
    return tuple(right for right in ALL_RIGHTS if right in named)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write a new API key into a new 0600 file, and return the document to print; `created`: so was the user.

    Nothing is created if the path exists. Raise OperatorError.
    """
    name, key_file = options.name, options.key_file
    rights = parse_rights("--rights", options.rights)
    check_label(options.label)
    settings = settings_of(options.data_dir, options.sandbox)
    _reserve(key_file)
    try:
        created, key_id, key = _issue(settings, name, rights, options.label)
        try:
            replace_private(key_file, key.reveal().encode() + b"\n")
        except OSError as error:
            raise _unwritable(key_file, error) from None
    except BaseException:
        with suppress(OSError):
            key_file.unlink()
        raise
    return {
        "ok": True,
        "user": name,
        "label": options.label,
        "created": created,
        "keyId": key_id,
        "keyFile": str(key_file),
        "rights": list(rights),
    }


def check_label(label: str | None) -> None:
    """Raise OperatorError for what cannot be a key's label."""
    try:
        users.check_label(label)
    except ValueError as error:
        raise OperatorError(str(error), "Choose another label.", "bad_arguments") from None


def _issue(
    settings: Settings, name: str, rights: tuple[Right, ...], label: str | None
) -> tuple[bool, str, Secret]:
    with opened(settings) as vault:
        try:
            vault.users.create(name)
            created = True
        except UserExists:
            created = False
        except ValueError as error:
            raise OperatorError(str(error), "Choose another name.", "bad_arguments") from None
        return created, *vault.users.issue_key(name, rights, label)


def _reserve(path: Path) -> None:
    """Create the key's file empty, so that it is known to be new and writable before a user is made."""
    try:
        create_private(path, b"")
    except FileExistsError:
        raise OperatorError(
            f"{path} exists already", "Name a new file with --key-file; none is overwritten.", "bad_arguments"
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"{path} cannot be written ({error.strerror})",
        "Name a file in a folder that you can write to.",
        "bad_arguments",
    )
