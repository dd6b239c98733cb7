"""Files that only their owner can read, from the moment they exist."""

import contextlib
import os
import secrets
from pathlib import Path

# Windows has other flags than POSIX; there the folder's access list does what the mode does elsewhere.
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def create_private(path: Path, content: bytes) -> None:
    """Write a new 0600 file and wait until it is on the disk. Raise FileExistsError and other OSErrors.

    A file that could not be written whole is removed again. On Windows the folder's permissions count.
    """
    descriptor = os.open(path, _CREATE, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def replace_private(path: Path, content: bytes) -> None:
    """Write a 0600 file in the place of what is there: readers see the old content or the new, no half."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    create_private(temporary, content)
    try:
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
