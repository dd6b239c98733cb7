"""Old entries of the audit, written to a file and then removed: the one way in which any of it goes.

The database refuses to delete from the audit. That guard is taken away and put back within each transaction
that removes what is in the file, so nobody else finds it open. The first of them records the export with the
file's digest, by which the file can be proved later.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, text

from gateway.model import AuditEntry
from gateway.util.clock import rfc3339
from gateway.vault.audit import ENTRIES
from gateway.vault.database.tables import audit
from gateway.vault.maintenance.new_file import new_file
from gateway.vault.vault import Vault

# So many are removed in one transaction: whoever else writes meanwhile waits no longer than for that.
BATCH = 5000
SQLITE_GUARD = "audit_no_delete"
POSTGRESQL_GUARD = "audit_append_only"


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as operators read it."""
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "who": entry.who,
        "keyId": entry.key_id,
        "keyLabel": entry.key_label,
        "action": entry.action,
        "subject": entry.subject,
        "authRecordId": entry.grant_id,
        "outcome": entry.outcome,
        "requestId": entry.request_id,
    }


def export_before(vault: Vault, moment: int, path: Path) -> tuple[int, str]:
    """Move the entries from before `moment` (epoch seconds) into the new file `path` (0600), a line each.

    Return how many, and the file's SHA-256 in hexadecimal digits. Nothing is removed before the file is whole
    on the disk; an interrupted removal is finished by the next export, which has the rest again. Raise
    VaultError.
    """
    with new_file(path, "the entries") as draft:
        ids, digest = _written(vault, moment, draft)
    for start in range(0, len(ids), BATCH):
        with vault.database.writing() as connection:
            if start == 0:
                told = f"{len(ids)} entries from before {rfc3339(moment)}, sha256 {digest}"
                vault.audit.record(connection, "audit_exported", subject=told)
            with _unguarded(connection):
                _remove(connection, ids[start : start + BATCH])
    return len(ids), digest


def _written(vault: Vault, moment: int, path: Path) -> tuple[list[int], str]:
    """Write the entries to the file; return their ids and the file's digest."""
    query = ENTRIES.where(audit.c.at < moment).order_by(audit.c.id)
    ids: list[int] = []
    digest = hashlib.sha256()
    with path.open("wb") as file, vault.database.snapshot() as connection:
        for row in connection.execution_options(yield_per=BATCH).execute(query):
            line = json.dumps(entry_document(AuditEntry(*row)), ensure_ascii=False).encode() + b"\n"
            file.write(line)
            digest.update(line)
            ids.append(row.id)
        file.flush()
        os.fsync(file.fileno())
    return ids, digest.hexdigest()


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    """Let entries be removed within this transaction, which nobody else sees before it has ended."""
    if connection.dialect.name == "sqlite":
        named = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
        guard = connection.execute(named, {"name": SQLITE_GUARD}).scalar_one()
        connection.execute(text(f"DROP TRIGGER {SQLITE_GUARD}"))
        yield
        connection.execute(text(guard))
        return
    connection.execute(text(f"ALTER TABLE audit DISABLE TRIGGER {POSTGRESQL_GUARD}"))
    yield
    connection.execute(text(f"ALTER TABLE audit ENABLE TRIGGER {POSTGRESQL_GUARD}"))


def _remove(connection: Connection, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), 500):
        connection.execute(delete(audit).where(audit.c.id.in_(ids[start : start + 500])))
