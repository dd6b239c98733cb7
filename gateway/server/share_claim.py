"""One gateway at most on a data folder that several machines share.

Whoever serves there writes `gateway.owner` again and again, as a lease is renewed by heartbeats. A start
looks whether what stands there changes, for as long as it counts itself: no other machine's clock is
believed, and no lock, which may hold on each machine for itself.
"""

import json
import logging
import os
import platform
import secrets
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.errors import OperatorError
from gateway.server.network_shares import network_share
from gateway.util import events
from gateway.util.command_names import as_called_here
from gateway.util.text import cleaned

log = logging.getLogger(__name__)

FILE = "gateway.owner"
BEAT_SECONDS = 5.0
# So many beats may come late, by a share that stalls, before their gateway counts as gone.
BEATS_WATCHED = 4
# And so many beats of whoever was first come, while a new claim stands there.
BEATS_TO_OVERRULE = 2


def claim_of_share(folder: Path) -> "ShareClaim | None":
    """Return what a gateway has to claim before it serves on a folder with a SQLite: None on its own disk."""
    kind = network_share(folder)
    if kind is None:
        return None
    hint = "Keep it on a disk of this machine, or use PostgreSQL (GATEWAY_DATABASE_URL)."
    events.warning(log, "data_folder_on_share", file=folder, kind=kind, hint=hint)
    return ShareClaim(folder)


class ShareClaim:
    """A gateway's claim to a data folder: to `take` before the database is opened, to `release` at the end.

    `end` is called where another machine's gateway has taken its place.
    """

    def __init__(
        self,
        folder: Path,
        *,
        pause: Callable[[float], object] = time.sleep,
        host: str = "",
        end: Callable[[], object] = lambda: os.kill(os.getpid(), signal.SIGTERM),
    ) -> None:
        self._path = folder / FILE
        self._pause = pause
        self._end = end
        self._claim = {"id": secrets.token_hex(8), "host": host or platform.node(), "pid": os.getpid()}
        self._beats = 0
        self._overruled = 0
        self._over = threading.Event()
        self._renewal = threading.Thread(target=self._go_on, name="share-claim", daemon=True)

    def take(self) -> None:
        """Claim the folder, and go on claiming it. Raise OperatorError where another gateway serves there.

        It takes two beats, and four more where one was killed there: they could be another machine's.
        """
        found = self._read()
        for _ in range(BEATS_WATCHED if found else 0):
            self._pause(BEAT_SECONDS)
            now = self._read()
            if now and now != found:
                raise self._refused(now)
        # Two that start at once both write: the last one stays, and the other finds that out.
        self._write()
        self._pause(BEATS_TO_OVERRULE * BEAT_SECONDS)
        now = self._read()
        if now is None:  # perhaps half of a claim, just as it was written
            self._pause(1.0)
            now = self._read()
        if now and now["id"] != self._claim["id"]:
            raise self._refused(now)
        self._renewal.start()

    def beat(self) -> None:
        """Say once more that this gateway serves here; end it where another one has taken its place.

        That happens to one that was frozen for long. Who only tries to start is overruled once, and gives up.
        """
        found = self._read()
        if found and found["id"] != self._claim["id"]:
            self._overruled += 1
            if self._overruled >= BEATS_TO_OVERRULE:
                self._over.set()
                events.critical(log, "data_folder_lost", host=cleaned(found.get("host")))
                self._end()
                return
        else:
            self._overruled = 0
        with suppress(OSError):  # the share is away, which the database says, too
            self._write()

    def release(self) -> None:
        """Claim the folder no more; another gateway's claim stays as it is."""
        self._over.set()
        if self._renewal.is_alive():
            self._renewal.join(BEAT_SECONDS)
        found = self._read()
        if found and found["id"] == self._claim["id"]:
            with suppress(OSError):
                self._path.unlink()

    def _go_on(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            self.beat()

    def _read(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # half of one, too: it is being written
            return None
        return found if isinstance(found, dict) and "id" in found else None

    def _write(self) -> None:
        """Write the claim in place: another machine may know a file that was replaced for a while."""
        self._beats += 1
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({**self._claim, "beats": self._beats}, file)
            file.flush()
            os.fsync(file.fileno())

    def _refused(self, other: dict[str, Any]) -> OperatorError:
        who = f"process {other.get('pid')} of the machine {cleaned(other.get('host'))}"
        move = as_called_here("python3 scripts/local_gateway.py copy-to")
        return OperatorError(
            f"another gateway serves on the data folder {self._path.parent} ({who}), which is on a network "
            "share",
            "A SQLite database is for one gateway: stop that one, or use PostgreSQL for several "
            f"(GATEWAY_DATABASE_URL; `{move} URL` moves what there is).",
        )
