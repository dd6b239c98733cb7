"""What a vault is: its id, its kind and where its master key comes from.

Written when it is made; later only a change of the master key writes here (see rotation.py).
"""

from dataclasses import dataclass
from typing import Literal, Self

from sqlalchemy import Connection, delete, exists, insert, select, update

from gateway.util.secret import Secret
from gateway.vault.database.tables import vault_facts
from gateway.vault.errors import VaultError

# Instead of all other facts, with the id of the vault, until a copy is complete (see copying.py).
UNFINISHED_COPY = "unfinished_copy_of"

# What a vault's `key_check` is, once it is opened, and where that stands.
KEY_CHECK = Secret("this vault opens with this key")
CHECK_PLACE = ("vault_facts", "key_check", "value")

VaultKind = Literal["sandbox", "real"]
Source = Literal["environment", "file", "keyring", "key_folder"]
# Seconds after a change of the master key in which a process that slept through it can still learn the new.
HANDOVER_SECONDS = 300
_ALL = select(vault_facts)
_NEXT_KEY = ("next_master_key_id", "next_master_key_source", "next_master_key")
_HANDOVER = ("former_master_key_id", "handed_over_master_key", "handed_over_at")


@dataclass(frozen=True, slots=True)
class NextKey:
    """The key that the vault changes to: its id, where it is kept, and itself, sealed with the one before."""

    id: str
    source: Source
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Handover:
    """How who holds the former key alone comes to the one in force: that key, sealed with the former.

    Only after a change of a key that the operator keeps, which no process can bring from anywhere else, and
    only for a while: as long as it is there, the former key is worth as much as the new one. `at`: epoch
    seconds of the end of the change.
    """

    former_id: str
    sealed: bytes
    at: int

    def is_over(self, now: float) -> bool:
        """Tell whether its time has passed, or the clock was set back. Clocks of machines differ a little."""
        return abs(now - self.at) >= HANDOVER_SECONDS


@dataclass(frozen=True, slots=True)
class Facts:
    """`key_check` is a known text sealed with the master key, so that a wrong one shows before any use.

    `next_key` is None except during a change of the master key, `handover` except for a while after one.
    """

    vault_id: str
    kind: VaultKind
    created_at: int
    master_key_source: Source
    master_key_id: str
    key_check: bytes
    next_key: NextKey | None = None
    handover: Handover | None = None

    @property
    def key_in_force(self) -> str:
        """The id of the key that whatever is written now is sealed with."""
        return self.next_key.id if self.next_key else self.master_key_id

    @classmethod
    def read(cls, connection: Connection) -> Self | None:
        """Return the facts, or None for a vault that was never set up."""
        rows: dict[str, str] = dict(connection.execute(_ALL).all())
        if not rows:
            return None
        if UNFINISHED_COPY in rows:
            raise VaultError(
                "the database holds the unfinished copy of a vault",
                "Run `python3 scripts/local_gateway.py copy-to` again to its end, on the data folder that is "
                "copied.",
                "not_set_up",
            )
        next_key = None
        if "next_master_key" in rows:
            key_id, source, sealed = (rows[name] for name in _NEXT_KEY)
            next_key = NextKey(key_id, source, bytes.fromhex(sealed))  # type: ignore[arg-type]
        handover = None
        if "handed_over_master_key" in rows:
            former_id, sealed, at = (rows[name] for name in _HANDOVER)
            handover = Handover(former_id, bytes.fromhex(sealed), int(at))
        return cls(
            vault_id=rows["vault_id"],
            kind=rows["kind"],  # type: ignore[arg-type]
            created_at=int(rows["created_at"]),
            master_key_source=rows["master_key_source"],  # type: ignore[arg-type]
            master_key_id=rows["master_key_id"],
            key_check=bytes.fromhex(rows["key_check"]),
            next_key=next_key,
            handover=handover,
        )

    def write(self, connection: Connection) -> None:
        """Write the facts of a new vault."""
        values = {
            "vault_id": self.vault_id,
            "kind": self.kind,
            "created_at": str(self.created_at),
            "master_key_source": self.master_key_source,
            "master_key_id": self.master_key_id,
            "key_check": self.key_check.hex(),
        }
        _insert(connection, values)

    @staticmethod
    def announce(connection: Connection, next_key: NextKey) -> None:
        """Write down that a change of the master key has begun."""
        values = (next_key.id, next_key.source, next_key.sealed.hex())
        _insert(connection, dict(zip(_NEXT_KEY, values, strict=True)))

    @classmethod
    def complete(
        cls, connection: Connection, next_key: NextKey, key_check: bytes, handover: Handover | None
    ) -> None:
        """Write down the end of that change: from now on no other key opens the vault."""
        connection.execute(delete(vault_facts).where(vault_facts.c.name.in_((*_NEXT_KEY, *_HANDOVER))))
        if handover is not None:
            values = (handover.former_id, handover.sealed.hex(), str(handover.at))
            _insert(connection, dict(zip(_HANDOVER, values, strict=True)))
        facts = {
            "master_key_id": next_key.id,
            "master_key_source": next_key.source,
            "key_check": key_check.hex(),
        }
        for name, value in facts.items():
            connection.execute(update(vault_facts).where(vault_facts.c.name == name).values(value=value))

    @staticmethod
    def end_handover(connection: Connection, ended: Handover) -> None:
        """Forget what the former key can still open, unless that is a later one's by now."""
        its_end = vault_facts.alias()
        is_there = exists().where(its_end.c.name == _HANDOVER[-1], its_end.c.value == str(ended.at))
        connection.execute(delete(vault_facts).where(vault_facts.c.name.in_(_HANDOVER), is_there))


def _insert(connection: Connection, values: dict[str, str]) -> None:
    connection.execute(
        insert(vault_facts), [{"name": name, "value": value} for name, value in values.items()]
    )
