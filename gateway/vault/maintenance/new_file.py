"""The new file that an operator named, and what is told where it cannot be one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.vault.errors import VaultError


@contextmanager
def told_of(path: Path, room: str) -> Iterator[None]:
    """Say what is wrong with `path` where what is inside the `with` cannot make it. Raise VaultError.

    `room`: what the file's folder has to have room for.
    """
    try:
        yield
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
