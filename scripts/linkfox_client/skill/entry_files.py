"""The files in which hosts keep their MCP servers: read, and replaced in one step with their mode kept."""

import contextlib
import os
import stat
from pathlib import Path


class Unreadable(Exception):
    """A file that cannot be edited without a risk to what is in it. The message says why."""


def read(path: Path) -> str | None:
    """Return the text of a file with its line ends as they are; None where there is none.

    Raise Unreadable, OSError.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None


def replace(path: Path, former: str | None, text: str | None) -> None:
    """Put `text` in the place of `former`, whole or not at all; None is no file. A link stays one.

    Raise Unreadable where the file is not any more what was read, OSError.
    """
    target = Path(os.path.realpath(path))
    if text is None:
        _check_unchanged(target, former)
        target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Such files may hold keys of other servers, so a new one is its owner's alone.
    mode = 0o600 if former is None else stat.S_IMODE(target.stat().st_mode)
    draft = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        _check_unchanged(target, former)
        draft.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


def _check_unchanged(path: Path, former: str | None) -> None:
    if read(path) != former:
        raise Unreadable("another program is changing it")
