"""Files that only their owner may read: written whole or not at all, and never through a link."""

import contextlib
import os
import stat
import time
from pathlib import Path

# Windows has neither; there the folder's access list does what the mode does elsewhere.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_AS_BYTES = getattr(os, "O_BINARY", 0)
# How often a rename is tried again that Windows refuses while a program reads, and the seconds in between.
_RENAMES = 50
_RENAME_PAUSE = 0.02


class UnsafePlace(Exception):
    """A place that a secret must not be written to. The message says why."""


class NotPrivate(Exception):
    """A file that others can read, or that belongs to somebody else."""


def read_private(path: Path, most: int) -> str:
    """Return the text of a file that only we can read, at most `most` characters of it.

    Raise NotPrivate, OSError (a link, too), UnicodeDecodeError. On Windows any file will do.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW), encoding="utf-8") as file:
        facts = os.fstat(file.fileno())
        if hasattr(os, "getuid") and (facts.st_uid != os.getuid() or facts.st_mode & 0o077):
            raise NotPrivate(f"{path} can be read by others, or belongs to somebody else")
        return file.read(most)


def replace_private(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step, mode 0600, making its folder (0700) where it is missing.

    A link at `path` is replaced, not followed. Raise OSError (read-only, full), UnsafePlace (the folder
    belongs to somebody else or others can write in it).
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_folder(path.parent)
    # Beside the target, since a rename works only within one file system.
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        _write_new(draft, content)
        _rename(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def create_private(path: Path, content: bytes) -> None:
    """Write `content` to the new file `path`, mode 0600; nothing half-written stays behind.

    Raise FileExistsError (anything is there already, a link too), FileNotFoundError (no such folder),
    OSError, UnsafePlace (see `check_folder`).
    """
    check_folder(path.parent)
    _write_new(path, content)


def check_folder(folder: Path) -> None:
    """Raise UnsafePlace where somebody else could swap a file in `folder`, OSError where there is no folder.

    A folder that others can write is taken with the sticky bit (`/tmp`): there they cannot touch our files.
    """
    facts = folder.stat()
    if not stat.S_ISDIR(facts.st_mode):
        raise NotADirectoryError(f"{folder} is not a folder")
    if not hasattr(os, "getuid"):
        return
    if facts.st_mode & 0o022 and not facts.st_mode & stat.S_ISVTX:
        raise UnsafePlace("other users can write in that folder")
    if facts.st_uid not in (os.getuid(), 0):
        raise UnsafePlace("that folder belongs to another user")


def is_private_folder(folder: Path) -> bool:
    """Tell whether nobody but us may enter `folder`, which is no link; on Windows any folder will do."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return stat.S_ISDIR(facts.st_mode)
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _AS_BYTES
    descriptor = os.open(path, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _rename(draft: Path, path: Path) -> None:
    """Put `draft` in the place of `path`; on Windows as soon as nobody has that open. Raise OSError."""
    for _ in range(_RENAMES):
        try:
            draft.replace(path)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(_RENAME_PAUSE)
    draft.replace(path)
