"""Locks that a process holds as long as it lives: the system takes them back however it ends.

`flock` on POSIX (as the `filelock` package does it, which the gateway uses), a locked first byte on Windows.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def is_held(path: Path) -> bool:
    """Tell whether another process holds the lock file `path` exclusively.

    Nothing is created or changed.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:  # there is no such file, so nobody holds it
        return False
    try:
        # Shared, so that those who look do not stand in each other's way.
        return not _try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def try_exclusive(path: Path) -> Iterator[bool]:
    """Take the lock file `path` (made if missing, 0600) without waiting; yields whether that worked."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        yield _try_lock(descriptor, shared=False)
    finally:
        os.close(descriptor)  # which gives the lock back


def _try_lock(descriptor: int, *, shared: bool) -> bool:
    try:
        if fcntl is None:
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
