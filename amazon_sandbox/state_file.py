"""Persistence of the world over a restart: one JSON file, 0600, replaced before an answer relies on it."""

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any


class StateError(Exception):
    """The state file cannot be read; the message says which and what to do."""


class StateFile:
    """One file; whoever saves while another writes shares the next writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._counting = threading.Lock()
        self._writing = threading.Lock()
        self._asked = 0
        self._written = 0

    def load(self) -> dict[str, Any] | None:
        """Return the document, None where there is none yet. Raise StateError for anything else."""
        try:
            document = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            raise StateError(f"cannot read {self.path}; remove it to start afresh") from problem
        if not isinstance(document, dict) or document.get("version") != 1:
            raise StateError(f"{self.path} is not a state file of this version; remove it to start afresh")
        return document

    def save(self, snapshot: Callable[[], dict[str, Any]]) -> None:
        """Write what `snapshot` returns; comes back when everything up to this call is on disk."""
        with self._counting:
            self._asked += 1
            mine = self._asked
        with self._writing:
            if self._written >= mine:
                return
            with self._counting:
                covered = self._asked
            self._replace(json.dumps(snapshot(), ensure_ascii=False).encode())
            self._written = covered

    def _replace(self, content: bytes) -> None:
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(6)}")
        handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
