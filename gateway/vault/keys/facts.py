"""What a vault is: its id, its kind and where its master key comes from.

Written when it is made; later only a change of the master key writes here (see rotation.py).
"""

from dataclasses import dataclass
from typing import Literal, Self

from sqlalchemy import Connection, delete, insert, select, update

from gateway.vault.database.tables import vault_facts
from gateway.vault.errors import VaultError

# Instead of all other facts, with the id of the vault, until a copy is complete (see copying.py).
UNFINISHED_COPY = "unfinished_copy_of"

VaultKind = Literal["sandbox", "real"]
Source = Literal["environment", "file", "keyring", "key_folder"]
_ALL = select(vault_facts)
_NEXT_KEY = ("next_master_key_id", "next_master_key_source", "next_master_key")


@dataclass(frozen=True, slots=True)
class NextKey:
    """The key that the vault changes to: its id, where it is kept, and itself, sealed with the one before."""

    id: str
    source: Source
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """`key_check` is a known text sealed with the master key, so that a wrong one shows before any use.

    `next_key` is None except during a change of the master key.
    """

    vault_id: str
    kind: VaultKind
    created_at: int
    master_key_source: Source
    master_key_id: str
    key_check: bytes
    next_key: NextKey | None = None

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
                "Run `local_gateway.py copy-to` again to its end, on the data folder that is copied.",
                "not_set_up",
            )
        next_key = None
        if "next_master_key" in rows:
            key_id, source, sealed = (rows[name] for name in _NEXT_KEY)
            next_key = NextKey(key_id, source, bytes.fromhex(sealed))  # type: ignore[arg-type]
        return cls(
            vault_id=rows["vault_id"],
            kind=rows["kind"],  # type: ignore[arg-type]
            created_at=int(rows["created_at"]),
            master_key_source=rows["master_key_source"],  # type: ignore[arg-type]
            master_key_id=rows["master_key_id"],
            key_check=bytes.fromhex(rows["key_check"]),
            next_key=next_key,
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

    @staticmethod
    def complete(connection: Connection, next_key: NextKey, key_check: bytes) -> None:
        """Write down the end of that change: from now on no other key opens the vault."""
        values = {
            "master_key_id": next_key.id,
            "master_key_source": next_key.source,
            "key_check": key_check.hex(),
        }
        for name, value in values.items():
            connection.execute(update(vault_facts).where(vault_facts.c.name == name).values(value=value))
        connection.execute(delete(vault_facts).where(vault_facts.c.name.in_(_NEXT_KEY)))


def _insert(connection: Connection, values: dict[str, str]) -> None:
    connection.execute(
        insert(vault_facts), [{"name": name, "value": value} for name, value in values.items()]
    )
