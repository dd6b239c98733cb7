"""Adding a user, also while the gateway runs: the API key goes into a new file and is shown nowhere."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.clock import SystemClock
from gateway.data_folder import DataFolder
from gateway.operator_error import OperatorError
from gateway.private_files import create_private, replace_private
from gateway.settings import Settings
from gateway.vault import open_vault
from gateway.vault.users import ALL_RIGHTS, UserExists


def add_user(name: str, key_file: Path, data_dir: Path | None, sandbox: bool) -> dict[str, Any]:
    """Create a user, write a new API key into a new 0600 file, and return the document to print.

    Nothing is created if the path exists or the name is taken. Raises OperatorError.
    """
    key_file = key_file.absolute()
    settings = Settings.load(os.environ, sandbox=sandbox, data_dir=data_dir)
    folder = DataFolder(settings.data_dir)
    remembered = folder.remembered_options()
    if remembered is None:
        raise OperatorError(
            f"no gateway was ever started on the data folder {settings.data_dir}",
            "Start it first (`local_gateway.py start`), or name its folder with --data-dir.",
            "not_set_up",
        )
    if remembered.get("sandbox") and not settings.sandbox:
        settings = Settings.load(os.environ, sandbox=True, data_dir=settings.data_dir)
    DataFolder.prepare(settings.data_dir)
    _reserve(key_file)
    try:
        key_id = _issue(settings, name, key_file)
    except BaseException:
        with suppress(OSError):
            key_file.unlink()
        raise
    return {"ok": True, "user": name, "keyId": key_id, "keyFile": str(key_file), "rights": list(ALL_RIGHTS)}


def _issue(settings: Settings, name: str, key_file: Path) -> str:
    with open_vault(settings, SystemClock()) as vault:
        try:
            vault.users.create(name)
        except UserExists:
            raise OperatorError(
                "there is a user of that name already", "Choose another name.", "bad_arguments"
            ) from None
        except ValueError as error:
            raise OperatorError(str(error), "Choose another name.", "bad_arguments") from None
        key_id, key = vault.users.issue_key(name)
    try:
        replace_private(key_file, key.reveal() + "\n")
    except OSError as error:
        raise _unwritable(key_file, error) from None
    return key_id


def _reserve(path: Path) -> None:
    """Create the key's file empty, so that it is known to be new and writable before a user is made."""
    try:
        create_private(path, "")
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
