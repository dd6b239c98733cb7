"""Reads that a streaming replica of the PostgreSQL may answer, and when the primary has to after all.

Every second `look` notes where the primary's write-ahead log ends. A replica that has replayed as far as it
ended at a moment has all that was committed until then: so it is never asked how late it is, and no clock but
this process's counts. Each read asks on its own connection how far that server has come, and, for a user's
lists, whether it has the user's last change (`changes`); for behind one address there may be several.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from gateway.util import events
from gateway.util.secret import Secret
from gateway.vault.database.engine import Database, open_database
from gateway.vault.database.tables import users
from gateway.vault.errors import VaultError

T = TypeVar("T")

log = logging.getLogger(__name__)

VARIABLE = "GATEWAY_DATABASE_READ_URL"
# So many places of the log are kept, one a second, each as a number of bytes (PostgreSQL: System
# Administration Functions). Of a replica that is further behind than that it is only known that it is.
PLACES = 3600
# What a replica has of its primary: both are the same.
_WHICH = (
    "(SELECT system_identifier FROM pg_control_system()), "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)
# None for a primary that was made a standby meanwhile: it writes nothing.
_WRITTEN = text(
    "SELECT CASE WHEN NOT pg_is_in_recovery() "
    f"THEN pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint END, {_WHICH}"
)
# None for a server that replays nothing: a primary, or a replica that was promoted.
_REPLAYED = "CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END"
_LOOK = text(f"SELECT {_REPLAYED}, {_WHICH}")
_HAS_COME = text(f"SELECT {_REPLAYED}")
_CHANGES = select(users.c.changes).where(users.c.id == bindparam("user_id"))
_HAS_CHANGES = select(literal_column(_REPLAYED), _CHANGES.scalar_subquery())
# So long a replica may take for an answer, in seconds: the primary is there, too.
PATIENCE = 3.0


class ReadReplica:
    """The replica of one primary. `bound`: how many seconds old what is read there may be.

    `trouble`: why it is not read from, in words; None where it is, or was not looked at yet.
    """

    def __init__(
        self,
        primary: Database,
        replica: Database,
        bound: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._replica = replica
        self._bound = bound
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # When the primary's log ended where: the newest place that the replica has replayed, and later ones.
        self._places: deque[tuple[float, int]] = deque(maxlen=PLACES)
        self._began = monotonic()
        self._replayed_until: float | None = None
        self._answers = False
        self.trouble: str | None = None

    @property
    def lag(self) -> float:
        """So many seconds old, at most, is what the replica holds; it grows while nothing is known of it."""
        since = self._began if self._replayed_until is None else self._replayed_until
        return self._monotonic() - since

    @property
    def usable(self) -> bool:
        """Whether reads go to the replica just now."""
        return self._answers and self.lag <= self._bound

    def check(self) -> None:
        """Find out whether it is a replica of this database. Raise VaultError where it is another one.

        One that does not answer may be the right one.
        """
        _, ours = self._primary_now()
        try:
            _, theirs = self._replica_now()
        except (VaultError, DBAPIError):
            return
        if theirs != ours:
            raise VaultError(
                f"{VARIABLE} names another database than GATEWAY_DATABASE_URL, not a replica of it",
                f"Name a streaming replica of that server, and the same database, or unset {VARIABLE}.",
                "not_set_up",
            )

    def look(self) -> None:
        """Note where the primary's log ends and how far the replica has come; to be called every second.

        Raise VaultError where the primary does not answer.
        """
        at = self._monotonic()
        written, ours = self._primary_now()
        if written is None:
            self._away("GATEWAY_DATABASE_URL itself names a standby")
            return
        with self._lock:
            self._places.append((at, written))
        try:
            replayed, theirs = self._replica_now()
        except (VaultError, DBAPIError) as error:
            self._away(_in_words(error))
            return
        if theirs != ours:
            self._away("it is another database, not a replica of this one")
            return
        if replayed is None:
            self._away("it replays nothing: it is the primary itself, or was promoted")
            return
        self._note_replayed(replayed)
        if self.lag > self._bound:
            self._away(f"it is {self.lag:.0f} seconds behind")
        elif not self._answers:
            self._answers = True
            if self.trouble is not None:
                events.info(log, "read_replica_back")
            self.trouble = None

    def read(self, work: Callable[[Connection], T], of_user: int | None) -> T:
        """Do what only reads, on the replica where it is recent enough, else on the primary.

        `of_user`: whose last change has to be in it; None for what belongs to nobody. Raise VaultError for
        the primary alone.
        """
        wanted = self._wanted()
        if wanted is not None:
            changes = None if of_user is None else self._changes_of(of_user)
            try:
                with self._replica.reading() as connection:
                    if self._has(connection, wanted, of_user, changes):
                        return work(connection)
            except (VaultError, DBAPIError) as error:
                # Until it was looked at again. One that its replaying broke off is among them.
                self._away(_in_words(error))
        with self._primary.reading() as connection:
            return work(connection)

    def close(self) -> None:
        """Close the connections to the replica."""
        self._replica.close()

    def _wanted(self) -> int | None:
        """Return how far a replica has to have come to be read from; None where it is not to be asked."""
        if not self.usable:
            return None
        oldest = self._monotonic() - self._bound
        with self._lock:
            return next((place for at, place in self._places if at >= oldest), None)

    def _primary_now(self) -> tuple[int | None, Sequence[Any]]:
        """Return where the primary's log ends, and which database it is."""
        with self._primary.reading() as connection:
            written, *which = connection.execute(_WRITTEN).one()
        return written, which

    def _replica_now(self) -> tuple[int | None, Sequence[Any]]:
        """Return how far the replica has come, and which database it is."""
        with self._replica.reading() as connection:
            replayed, *which = connection.execute(_LOOK).one()
        return replayed, which

    def _changes_of(self, user: int) -> int | None:
        """Return how many changes of a user's the primary has counted. Raise VaultError for it alone."""
        with self._primary.reading() as connection:
            changes: int | None = connection.execute(_CHANGES, {"user_id": user}).scalar()
        return changes

    def _has(self, connection: Connection, wanted: int, of_user: int | None, changes: int | None) -> bool:
        """Tell whether the server of a connection has come so far, and has so many of a user's changes."""
        if of_user is None:
            replayed = connection.execute(_HAS_COME).scalar()
            return replayed is not None and replayed >= wanted
        replayed, replayed_changes = connection.execute(_HAS_CHANGES, {"user_id": of_user}).one()
        return replayed is not None and replayed >= wanted and replayed_changes == changes

    def _note_replayed(self, until: int) -> None:
        """Take in how far the replica has come, and forget the places before that."""
        with self._lock:
            while self._places and self._places[0][1] <= until:
                self._replayed_until = self._places[0][0]
                if len(self._places) == 1 or self._places[1][1] > until:
                    return
                self._places.popleft()

    def _away(self, why: str) -> None:
        self._answers = False
        if self.trouble is None:
            events.warning(log, "read_replica_away", error=why)
        self.trouble = why


def open_replica(primary: Database, url: Secret, bound: float) -> ReadReplica:
    """Open the replica of a database at `url`, from which what is read may be `bound` seconds old.

    Raise VaultError where it is no replica of that database.
    """
    replica = ReadReplica(primary, open_database(url, Path(), within=PATIENCE), bound)
    try:
        replica.check()
    except BaseException:
        replica.close()
        raise
    return replica


def _in_words(error: VaultError | DBAPIError) -> str:
    """Return what a replica met, without what its statement held."""
    return error.message if isinstance(error, VaultError) else type(error.orig).__name__
