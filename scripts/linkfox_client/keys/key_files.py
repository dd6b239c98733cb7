"""API keys in files of their own, for machines without a keyring: one 0600 file for each gateway's origin."""

import contextlib
from pathlib import Path
from urllib.parse import quote

from linkfox_client.errors import ClientError
from linkfox_client.paths import settings_folder
from linkfox_client.private_files import NotPrivate, UnsafePlace, read_private, replace_private
from linkfox_client.secrets.secret import Secret

LONGEST = 4096


def path_of(origin: str) -> Path:
    """Return where the key for the gateway at `origin` is. Raise RuntimeError where there is no home."""
    # Quoted, so that no two origins share a file, and every system takes the name.
    return settings_folder() / "keys" / quote(origin, safe="")


def read(origin: str) -> str | None:
    """Return the key for the gateway at `origin`, or None without such a file.

    Raise ClientError (`not_set_up`) where the file cannot be read, or others could have read it.
    """
    try:
        path = path_of(origin)
    except RuntimeError:
        return None
    try:
        return read_private(path, LONGEST)
    except FileNotFoundError:
        return None
    except NotPrivate as problem:
        raise ClientError(
            "not_set_up",
            str(problem),
            "Replace that API key, and store the new one with `python3 scripts/login.py`.",
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not text"
        raise ClientError(
            "not_set_up",
            f"{path} cannot be read: {reason}",
            "Store the key again with `python3 scripts/login.py`.",
        ) from None


def write(origin: str, key: Secret) -> Path:
    """Write the key for the gateway at `origin`; return the file's path. Raise ClientError."""
    try:
        path = path_of(origin)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(path, key.reveal().encode() + b"\n")
    except (OSError, RuntimeError, UnsafePlace) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise ClientError(
            "not_set_up",
            f"The key could not be written below ~/.config/linkfox/keys: {reason}",
            "Make that folder writable for you alone, or set LINKFOX_AGENT_API_KEY instead.",
        ) from None
    return path


def delete(origin: str) -> bool:
    """Remove the key for the gateway at `origin`; False where there was none. Raise ClientError."""
    with contextlib.suppress(FileNotFoundError, RuntimeError):
        path = path_of(origin)
        try:
            path.unlink()
        except FileNotFoundError:
            raise
        except OSError as problem:
            raise ClientError(
                "not_set_up", f"{path} could not be removed: {problem.strerror}", "Remove it by hand."
            ) from None
        return True
    return False
