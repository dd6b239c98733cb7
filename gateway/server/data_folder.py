"""The gateway's data folder: its owner's alone (0700), with a lock that the running gateway holds.

Clients trust whoever holds `gateway.lock`, and take the address from `gateway.json` beside it.
"""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gateway.errors import OperatorError
from gateway.util import owner_key
from gateway.util.private_files import replace_private
from gateway.util.secret import Secret

# A client that looks whether the lock is held has it for a moment itself.
LOCK_SECONDS = 1.0


class DataFolder:
    """One gateway's folder. Make it with `prepare`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / "gateway.lock", mode=0o600)

    @classmethod
    def prepare(cls, path: Path) -> "DataFolder":
        """Create the folder if needed and check that it is private. Raise OperatorError."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.name != "nt":
                _check_private(path)
        except OSError as error:
            raise OperatorError(
                f"the data folder {path} cannot be used ({error.strerror})",
                "Name a folder that you can write to with GATEWAY_DATA_DIR.",
                "not_set_up",
            ) from None
        return cls(path)

    def lock(self) -> None:
        """Take the lock that says that a gateway runs here. Raise OperatorError if one does."""
        try:
            self._lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            other = self.running() or {}
            who = (
                f"process {other['pid']} at {other['url']}"
                if "pid" in other and "url" in other
                else "starting"
            )
            sandbox = " --sandbox" if other.get("sandbox") is True else ""
            raise OperatorError(
                f"a gateway already runs on the data folder {self.path} ({who})",
                f"Use that one, stop it with `python3 scripts/local_gateway.py stop{sandbox}`, or set "
                "GATEWAY_DATA_DIR to another.",
            ) from None
        except OSError as error:
            raise OperatorError(
                f"{self.path / 'gateway.lock'} cannot be locked ({error.strerror})",
                "Give the gateway's user write permission on the data folder.",
                "not_set_up",
            ) from None
        # A killed gateway leaves its address behind, and whoever sees the lock held would believe it.
        self._forget_address()

    def unlock(self) -> None:
        """Remove what says that a gateway runs here, and release the lock."""
        self._forget_address()
        self._lock.release()

    def _forget_address(self) -> None:
        with suppress(OSError):
            (self.path / "gateway.json").unlink(missing_ok=True)

    def announce(self, running: dict[str, Any]) -> None:
        """Write `gateway.json`: how to reach the gateway that holds the lock."""
        self._write_json("gateway.json", running)

    def running(self) -> dict[str, Any] | None:
        """Return what the last gateway announced, or None; it runs only if the lock is held."""
        return self._read_json("gateway.json")

    def remember_options(self, options: dict[str, Any]) -> None:
        """Write `serve.json`: how this gateway was started, so that it can be started the same way again."""
        self._write_json("serve.json", options)

    def remembered_options(self) -> dict[str, Any] | None:
        """Return the options of the last gateway, or None."""
        return self._read_json("serve.json")

    def owner_key(self) -> Secret | None:
        """Return the API key of the user `owner`, or None."""
        return owner_key.read(self.path)

    @property
    def owner_key_file(self) -> Path:
        """Where the API key of the user `owner` is kept for the scripts on this machine."""
        return self.path / owner_key.FILE

    def write_owner_key(self, key: Secret) -> None:
        """Keep the API key of the user `owner` for the scripts on this machine."""
        self._write(owner_key.FILE, key.reveal() + "\n")

    def forget_owner_key(self) -> None:
        """Remove the file with the API key of the user `owner`."""
        self.owner_key_file.unlink(missing_ok=True)

    def _read_json(self, name: str) -> dict[str, Any] | None:
        try:
            value = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def _write_json(self, name: str, value: dict[str, Any]) -> None:
        self._write(name, json.dumps(value, ensure_ascii=False) + "\n")

    def _write(self, name: str, text: str) -> None:
        try:
            replace_private(self.path / name, text.encode())
        except OSError as error:
            raise OperatorError(
                f"{self.path / name} cannot be written ({error.strerror})",
                "Make room on the disk and give the gateway's user write permission on the data folder.",
            ) from None


def _check_private(path: Path) -> None:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode) or not stat.S_ISDIR(status.st_mode):
        problem = "is a link or no folder"
    elif status.st_uid != os.geteuid():
        problem = "belongs to another user"
    elif status.st_mode & 0o022:
        problem = "can be written by others"
    else:
        # Others could read it: the files in it are 0600 anyway, and their names are nobody's business.
        path.chmod(0o700)
        return
    raise OperatorError(
        f"the data folder {path} {problem}",
        "Name a folder of your own with permissions 0700 by GATEWAY_DATA_DIR.",
        "not_set_up",
    )
