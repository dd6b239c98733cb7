"""Files that only their owner can read, from the moment they exist."""

import contextlib
import os
import secrets
from pathlib import Path

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


def create_private(path: Path, text: str) -> None:
    """Write a new 0600 file and wait until it is on the disk. Raises FileExistsError and other OSErrors.

    A file that could not be written whole is removed again. On Windows the folder's permissions count.
    """
    descriptor = os.open(path, _CREATE, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def replace_private(path: Path, text: str) -> None:
    """Write a 0600 file in the place of what is there: readers see the old text or the new, no half."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    create_private(temporary, text)
    try:
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
