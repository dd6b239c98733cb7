"""An access token in a private file that is replaced before the token ends, for commands that run for hours.

The file holds the token and nothing else. A renewal that fails is tried again, after longer and longer
pauses, as long as the command runs: the gateway may come back, and the store be authorized again.

A command whose token was refused before its end removes the file: then another one is asked for at once.
"""

import contextlib
import math
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from linkfox_client.cli import child, output
from linkfox_client.commands import token_output
from linkfox_client.commands.tokens import BELOW_MINIMUM
from linkfox_client.errors import ClientError
from linkfox_client.private_files import UnsafePlace, check_folder, is_private_folder, replace_private
from linkfox_client.secrets.secret import Secret

LIFE = 3600  # seconds that Amazon's access tokens live
LEAST_LIFE = 900  # seconds that a token has left when it is written, unless Amazon cannot be asked
RENEWED_BEFORE = 600  # seconds before its end; the file is to be good for 300 more, so some are left to retry
LOOK_EVERY = 2.0  # seconds; so soon a file that was removed, or a machine that was suspended, is seen
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds between two tries
FOLDER, FILE = "linkfox-token-", "access-token"

Fetch = Callable[[Secret | None], Mapping[str, Any]]


def run_command(
    command: Sequence[str],
    environment: Callable[[Path], Mapping[str, str]],
    first: Mapping[str, Any],
    fetch: Fetch,
) -> NoReturn:
    """Run `command` with a fresh token in a file to its end, and end with its exit code.

    `environment` returns the command's for the path of the file. `first` are the fields of the first token,
    `fetch` gets further ones, as FreshToken takes it.
    """
    with child.SignalRelay() as relay, FreshToken(first, fetch) as path:
        sys.exit(relay.run(command, environment(path)))


class FreshToken:
    """A token's file and the thread that keeps it fresh, while this context is entered."""

    def __init__(
        self,
        fields: Mapping[str, Any],
        fetch: Fetch,
        *,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        notify: Callable[[str], None] = output.notify,
    ) -> None:
        """`fields` are those of the first token; `fetch` returns those of another, or raises ClientError.

        Each is asked for with LEAST_LIFE left; `fetch` is told the token that was refused, None where none
        was. `wait` waits until an event is set, at most so many seconds. `wall` and `monotonic` are clocks in
        seconds, `notify` takes a line for a person.
        """
        self._first = fields
        self._fetch = fetch
        self._wait = wait
        self._clocks = (wall, monotonic)
        self._notify = notify
        self._folder: Path | None = None
        self._written_at = self._now()
        self._life = 0.0
        self._due = 0.0
        """Seconds after a token was written when the next one is asked for."""
        self._pause = 0.0
        self._token: Secret | None = None
        """What was written last."""
        self._refused: Secret | None = None
        """The same from when its file is gone until there is another one."""
        self._told: set[tuple[str, bool]] = set()
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Path:
        """Return the path of the file. Raise ClientError as `write_first` does."""
        path = self.write_first()
        threading.Thread(target=self._keep, daemon=True).start()
        return path

    def __exit__(self, *_: object) -> None:
        self.remove()

    def write_first(self) -> Path:
        """Write the first token to a new file and return its path.

        Files that a process which was killed has left behind are removed. Raise ClientError (`not_set_up`)
        where there is no room, or no safe place.
        """
        base = Path(tempfile.gettempdir())
        try:
            check_folder(base)
            _remove_left_behind(base, older_than=self._clocks[0]() - LIFE)
            self._folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=base))
        except (OSError, UnsafePlace) as problem:
            raise _no_place(base, problem) from None
        try:
            self._write(self._first)
        except ClientError:
            self.remove()
            raise
        if _is_short(self._first):
            self._due = 0.0
        return self._path

    def remove(self) -> None:
        """Remove the file; what the thread gets from then on is dropped."""
        with self._lock:
            self._stopped.set()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def look(self) -> float:
        """Renew the token if it is time, or its file gone; return the seconds until the next look."""
        if self._refused is None and self._is_gone():
            self._refused, self._due = self._token, self._passed()
        if self._passed() >= self._due:
            self._renew()
        return min(LOOK_EVERY, max(0.0, self._due - self._passed()))

    def _keep(self) -> None:
        while not self._wait(self._stopped, self.look()):
            pass

    def _renew(self) -> None:
        former, refused = self._token, self._refused
        try:
            self._write(self._fetch(refused))
        except ClientError as failure:
            self._put_off(failure.code, failure.message, "" if failure.retryable else failure.hint)
        except Exception as error:  # whatever it is, the command goes on, and the next try may go well
            self._put_off("internal", f"{type(error).__name__}.")
        else:
            if self._token == former and refused is None:
                self._put_off("below_minimum", BELOW_MINIMUM)
                return
            if self._told:
                self._notify("The token was renewed.")
            self._told.clear()
            self._pause = 0.0

    def _write(self, fields: Mapping[str, Any]) -> None:
        """Put a token into the file, and set the time of the next. Raise ClientError."""
        token = str(token_output.token_variables(fields)["AMAZON_ACCESS_TOKEN"])
        with self._lock:
            if self._stopped.is_set() or (self._token == Secret(token) and not self._is_gone()):
                return
            try:
                replace_private(self._path, token.encode())
            except (OSError, UnsafePlace) as problem:
                raise _no_place(self._path.parent, problem) from None
        self._token, self._refused = Secret(token), None
        left = fields.get("expiresIn")
        self._life = min(LIFE, left) if isinstance(left, int) and left > 0 else LIFE
        self._written_at = self._now()
        self._due = max(self._life - RENEWED_BEFORE, self._life / 2, FIRST_PAUSE)

    def _put_off(self, what: str, why: str, do: str = "") -> None:
        """Try again later, and tell once why; once more where the token has ended meanwhile."""
        if self._stopped.is_set():
            return
        self._keep_from_removal()
        self._pause = min(LONGEST_PAUSE, 2 * self._pause or FIRST_PAUSE)
        self._due = self._passed() + self._pause
        left = self._life - self._passed()
        is_early = what == "below_minimum" and left > self._life / 2  # a token may live shorter than is usual
        if is_early or (what, left <= 0) in self._told:
            return
        self._told.add((what, left <= 0))
        ends = f"ends within {math.ceil(left / 60)} minutes" if left > 0 else "has ended"
        self._notify(f"The token {ends} and could not be renewed, which is tried again: {why} {do}".rstrip())

    def _is_gone(self) -> bool:
        """Tell whether there is no file: the command removed it, or whoever clears old files away."""
        try:
            self._path.lstat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def _keep_from_removal(self) -> None:
        """Show other processes that the file is in use, though its token may have ended."""
        now = self._clocks[0]()
        with contextlib.suppress(OSError):
            os.utime(self._path.parent, (now, now))

    @property
    def _path(self) -> Path:
        assert self._folder is not None, "write_first comes before"
        return self._folder / FILE

    def _now(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)

    def _passed(self) -> float:
        """Return the seconds since the last token was written, by the clock that says more.

        The wall clock goes on while the machine is suspended, the monotonic one is never set back.
        """
        return max(now - then for now, then in zip(self._now(), self._written_at, strict=True))


def _is_short(fields: Mapping[str, Any]) -> bool:
    """Tell whether a token has less time left than was asked for: there may be a better one soon."""
    return fields.get("freshness") == "below_minimum"


def _remove_left_behind(base: Path, older_than: float) -> None:
    """Remove our own files in `base` whose tokens have ended by now (`older_than`: epoch seconds)."""
    for folder in base.glob(f"{FOLDER}*"):
        with contextlib.suppress(FileNotFoundError):  # another command has just removed it
            if is_private_folder(folder) and folder.stat().st_mtime < older_than:
                shutil.rmtree(folder, ignore_errors=True)


def _no_place(folder: Path, problem: Exception) -> ClientError:
    reason = getattr(problem, "strerror", None) or str(problem)
    hint = "Make room there, or let TMPDIR name a folder of your own."
    if os.name == "nt":
        hint = "Make room there, and let the command close the file after each reading."
    return ClientError("not_set_up", f"The token's file could not be written in {folder}: {reason}.", hint)
