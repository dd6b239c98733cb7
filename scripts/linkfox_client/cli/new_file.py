"""The new file that `--output-file` names: private, never overwritten, never in the skill's own folder."""

import os
from pathlib import Path

from linkfox_client.errors import ClientError, bad_arguments
from linkfox_client.paths import BUNDLE
from linkfox_client.private_files import UnsafePlace, check_folder, create_private

OTHER_PLACE = "Name a new file in a folder of your own that exists and has room."


def check(path: Path) -> None:
    """Raise ClientError (`bad_arguments`) where the file cannot be made, before anything is called."""
    if os.path.lexists(path):
        raise bad_arguments(f"{path} is there already, and is never overwritten or followed", OTHER_PLACE)
    if path.parent.resolve().is_relative_to(BUNDLE):
        raise bad_arguments(f"{path} is in the skill's own folder, no place for data or tokens", OTHER_PLACE)
    try:
        check_folder(path.parent)
    except (OSError, UnsafePlace) as problem:
        raise _bad_place(path, problem) from None


def write(path: Path, content: bytes) -> None:
    """Write the file, mode 0600, whole or not at all. Raise ClientError (`bad_arguments`)."""
    try:
        create_private(path, content)
    except (OSError, UnsafePlace) as problem:
        raise _bad_place(path, problem) from None


def _bad_place(path: Path, problem: Exception) -> ClientError:
    reason = getattr(problem, "strerror", None) or str(problem)
    return bad_arguments(f"{path} cannot be written: {reason}", OTHER_PLACE)
