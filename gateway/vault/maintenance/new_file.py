"""The new file that an operator named, and what is told where it cannot be one."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.util.private_files import create_private
from gateway.vault.errors import VaultError


@contextmanager
def new_file(path: Path, room: str) -> Iterator[Path]:
    """Make the file `path` (0600) of what is written inside the `with` to the file that this returns.

    It is there whole or, after a failure, not at all; a kill leaves a hidden file beside it, never one of its
    name. `room`: what its folder has to have room for. Raise VaultError.
    """
    try:
        if path.is_symlink() or path.exists():
            raise FileExistsError
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        create_private(draft, b"")
        try:
            yield draft
            _give_name(draft, path)
        finally:
            with suppress(OSError):
                draft.unlink()
    except FileExistsError:
        raise VaultError(
            f"{path} exists already", "Name a new file; none is overwritten.", "bad_arguments"
        ) from None
    except OSError as error:
        raise VaultError(
            f"{path} cannot be written ({error.strerror})",
            f"Name a file in a folder that you can write to, with room for {room}.",
            "bad_arguments",
        ) from None


def _give_name(draft: Path, path: Path) -> None:
    """Give a file its name, which no other has. Raise FileExistsError."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:  # a file system without such links
        create_private(path, b"")
        draft.replace(path)
