"""Keyrings that a test chooses by PYTHON_KEYRING_BACKEND: one in a file, one that hangs, one that forgets."""

import json
import os
import threading
from pathlib import Path

from keyring import backend


class InFile(backend.KeyringBackend):
    """Keeps passwords as JSON in the file that KEYRING_OF_THE_TEST names."""

    priority = 0.1  # type: ignore[assignment]

    @property
    def _path(self) -> Path:
        return Path(os.environ["KEYRING_OF_THE_TEST"])

    def _held(self) -> dict[str, str]:
        return json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return what the file holds."""
        return self._held().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write it into the file."""
        self._path.write_text(
            json.dumps(self._held() | {f"{service} {username}": password}), encoding="utf-8"
        )

    def delete_password(self, service: str, username: str) -> None:
        """Take it out of the file."""
        held = self._held()
        del held[f"{service} {username}"]
        self._path.write_text(json.dumps(held), encoding="utf-8")


class Hanging(backend.KeyringBackend):
    """Waits for somebody to unlock it, and nobody comes."""

    priority = 0.1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        """Wait."""
        threading.Event().wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Wait."""
        threading.Event().wait()

    def delete_password(self, service: str, username: str) -> None:
        """Wait."""
        threading.Event().wait()


class Forgetting(backend.KeyringBackend):
    """Takes everything and keeps nothing."""

    priority = 0.1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        """Return nothing."""
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Drop it."""
        return


def environment(name: str, home: Path) -> dict[str, str]:
    """The variables by which a script of the bundle uses one of these keyrings."""
    return {
        "PYTHON_KEYRING_BACKEND": f"{__name__}.{name}",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "KEYRING_OF_THE_TEST": str(home / "keyring.json"),
    }


def held(home: Path) -> dict[str, str]:
    """What the keyring in the file holds."""
    path = home / "keyring.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
