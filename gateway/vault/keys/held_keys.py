"""The master keys that a process holds: one, and two while the vault changes from one to the other.

A change is announced in the vault itself, with the new key sealed by the old one, so that every process that
serves learns of it without a restart. Whoever writes tokens looks which key is in force in the transaction
that writes them: once a change is announced, nothing is sealed with the old key any more. Who saw nothing of
a change finds the new key where it is kept, or for some minutes in the vault (`Handover`).
"""

import base64
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Insert, select

from gateway.util import events
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.vault.database.engine import Database
from gateway.vault.database.tables import seals, vault_facts
from gateway.vault.database.upsert import upsert
from gateway.vault.errors import UnknownKey, VaultError
from gateway.vault.keys.facts import Facts, Handover
from gateway.vault.keys.sealing import MasterKey, Sealer

log = logging.getLogger(__name__)

_NEXT_KEY_PLACE = ("vault_facts", "next_master_key", "value")
_LOCK = select(vault_facts.c.value).where(vault_facts.c.name == "master_key_id").with_for_update(read=True)

# Brings the key that the facts name from where it is kept. Raise VaultError.
FindKey = Callable[[Facts], MasterKey]


@cache
def _count_statement(dialect: str) -> Insert:
    """Return the statement that adds to the count of a key, or begins it."""
    return upsert(dialect, seals, [seals.c.key_id], lambda added: {"count": seals.c.count + added.count})


def seal_next_key(sealer: Sealer, key: MasterKey) -> bytes:
    """Seal the key that a vault changes to."""
    return sealer.seal(Secret(base64.b64encode(key.reveal()).decode()), *_NEXT_KEY_PLACE)


def open_next_key(sealer: Sealer, sealed: bytes) -> MasterKey:
    """Open the key that a vault changes to. Raise SealBroken."""
    return MasterKey(base64.b64decode(sealer.open(sealed, *_NEXT_KEY_PLACE).reveal()))


def held_keys(facts: Facts, found: MasterKey) -> list[MasterKey]:
    """Return the keys to open a vault with, the one to seal with first. Raise SealBroken."""
    if facts.next_key is None:
        return [found]
    return [open_next_key(Sealer([found]), facts.next_key.sealed), found]


class Keys:
    """Opens whatever any of its keys sealed, and learns of new ones."""

    def __init__(self, database: Database, held: Sequence[MasterKey], find: FindKey, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._find = find
        self._held = list(held)
        self._sealer = Sealer(self._held)
        self._unrecorded: Counter[str] = Counter()
        self._lock = threading.Lock()

    def open(self, sealed: bytes, table: str, row: str | int, column: str) -> Secret:
        """Decrypt what stands in this place. Raise SealBroken, which names the key id that it wants."""
        sealer = self._sealer
        try:
            return sealer.open(sealed, table, row, column)
        except UnknownKey:
            self.learn()
            if self._sealer is sealer:
                raise
            return self._sealer.open(sealed, table, row, column)

    def seal(self, secret: Secret, table: str, row: str | int, column: str) -> bytes:
        """Encrypt what does not go into the database. What does is sealed by `in_force`."""
        return self._sealer.seal(secret, table, row, column)

    @property
    def sealer(self) -> Sealer:
        """What seals, as far as this process knows: whether it is in force, the database has to say."""
        return self._sealer

    def in_force(self, connection: Connection) -> Sealer:
        """Return what seals for the transaction of `connection`, which has to be a writing one.

        No change of the key begins or ends before that transaction does. Raise VaultError where the key in
        force is not to be had.
        """
        connection.execute(_LOCK)
        # A statement of its own: the one that had to wait for the lock still sees what was before.
        facts = Facts.read(connection)
        assert facts is not None, "an open vault has facts"
        if self._sealer.key_id != facts.key_in_force:
            self._take(facts)
        return self._sealer

    def handover(self, former_id: str, sealed: bytes) -> Handover:
        """Return how the holders of a former key come to the one that it sealed, from now on."""
        return Handover(former_id, sealed, int(self._clock.now()))

    def learn(self) -> bool:
        """Look whether the vault's key changes or has changed; True if there was something to learn.

        A handover whose time has passed is ended.
        """
        with self._database.reading() as connection:
            facts = Facts.read(connection)
        handover = None if facts is None else facts.handover
        if handover is not None and handover.is_over(self._clock.now()):
            with self._database.writing() as connection:
                Facts.end_handover(connection, handover)
        if facts is None or facts.key_in_force == self._sealer.key_id:
            return False
        self._take(facts)
        return True

    def record_seals(self) -> None:
        """Add how many values were sealed since this was last done to their keys' counts. Raise VaultError.

        A process that is killed loses what came after; a count does not have to be exact to give advice.
        """
        with self._lock:
            self._collect_seals()
            counts, self._unrecorded = self._unrecorded, Counter()
        if not counts:
            return
        try:
            # Without the lock: who has the database meanwhile may be about to learn a new key.
            with self._database.writing() as connection:
                statement = _count_statement(connection.dialect.name)
                for key_id, count in sorted(counts.items()):
                    connection.execute(statement, {"key_id": key_id, "count": count})
        except BaseException:
            with self._lock:
                self._unrecorded += counts
            raise

    def seals(self) -> int:
        """Return how many values the key in force has sealed, as far as it was recorded. Raise VaultError."""
        count = select(seals.c.count).where(seals.c.key_id == self._sealer.key_id)
        with self._database.reading() as connection:
            return connection.execute(count).scalar() or 0

    def _collect_seals(self) -> None:
        count, self._sealer.sealed = self._sealer.sealed, 0
        if count:
            self._unrecorded[self._sealer.key_id] += count

    def close(self) -> None:
        """Record what is left."""
        try:
            self.record_seals()
        except VaultError as error:
            events.warning(log, "seals_not_counted", error=error.message)

    def _take(self, facts: Facts) -> None:
        with self._lock:
            known = {key.id: key for key in self._held}
            if facts.key_in_force not in known:
                if facts.master_key_id not in known:
                    key = self._brought(facts, known)
                    known[key.id] = key
                if facts.next_key is not None:
                    opener = Sealer([known[facts.master_key_id]])
                    known[facts.next_key.id] = open_next_key(opener, facts.next_key.sealed)
            first = known[facts.key_in_force]
            if first.id != facts.key_in_force:
                raise VaultError(
                    "the next master key has another id than the vault says", "Restore it from a backup."
                )
            self._held = [first, *(key for key in known.values() if key.id != first.id)]
            self._collect_seals()
            self._sealer = Sealer(self._held)

    def _brought(self, facts: Facts, known: Mapping[str, MasterKey]) -> MasterKey:
        """Return the vault's key: handed over by one that is known, or from where it is kept."""
        handover = facts.handover
        if handover is not None and handover.former_id in known:
            return open_next_key(Sealer([known[handover.former_id]]), handover.sealed)
        return self._find(facts)
