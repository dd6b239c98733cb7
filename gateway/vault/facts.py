"""What a vault is, written once when it is made: its id, its kind and where its master key comes from."""

from dataclasses import dataclass
from typing import Literal, Self

from sqlalchemy import Connection, insert, select

from gateway.vault.tables import vault_facts

Kind = Literal["sandbox", "real"]
Source = Literal["environment", "file", "keyring", "key_folder"]


@dataclass(frozen=True, slots=True)
class Facts:
    """`key_check` is a known text sealed with the master key: a wrong key is noticed before any use of it."""

    vault_id: str
    kind: Kind
    created_at: int
    master_key_source: Source
    master_key_id: str
    key_check: bytes

    @classmethod
    def read(cls, connection: Connection) -> Self | None:
        """Return the facts, or None for a vault that was never set up."""
        rows: dict[str, str] = dict(connection.execute(select(vault_facts)).all())
        if not rows:
            return None
        return cls(
            vault_id=rows["vault_id"],
            kind=rows["kind"],  # type: ignore[arg-type]
            created_at=int(rows["created_at"]),
            master_key_source=rows["master_key_source"],  # type: ignore[arg-type]
            master_key_id=rows["master_key_id"],
            key_check=bytes.fromhex(rows["key_check"]),
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
        connection.execute(
            insert(vault_facts), [{"name": name, "value": value} for name, value in values.items()]
        )
