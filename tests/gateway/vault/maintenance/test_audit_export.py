"""Old entries of the audit, moved into a file: on both databases, whole or not at all, and told."""

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from gateway.vault.audit import AuditContext
from gateway.vault.errors import VaultError
from gateway.vault.maintenance import audit_export
from gateway.vault.maintenance.audit_export import export_before
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock

OLD, NEW = 7, 3


@pytest.fixture
def moment(vault: Vault, clock: SteppingClock) -> int:
    """Entries from before and after this moment are there."""
    for number in range(OLD):
        vault.audit.record_call(AuditContext(f"old{number}", "ann", "key1", "店铺 NA"), "/x", "ok")
    clock.step(86_400)
    for number in range(NEW):
        vault.audit.record_call(AuditContext(f"new{number}", "ann"), "/x", "ok")
    vault.audit.flush()
    return int(clock.now())


def requests_of(vault: Vault) -> list[str | None]:
    """The requests that the audit tells of, the oldest first."""
    return [entry.request_id for entry in vault.audit.newest(100)[0][::-1]]


def test_what_is_old_moves_into_the_file(
    vault: Vault, moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, readable by its owner alone; the audit tells how many, and the digest by which it is proved."""
    monkeypatch.setattr(audit_export, "BATCH", 3)
    path = tmp_path / "审计.jsonl"
    count, digest = export_before(vault, moment, path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert count == OLD
    assert [line["requestId"] for line in lines] == [f"old{number}" for number in range(OLD)]
    assert lines[0]["subject"] == "店铺 NA"
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = vault.audit.newest(1)[0][0]
    assert (told.action, told.outcome) == ("audit_exported", "ok")
    assert told.subject is not None
    assert told.subject.startswith("7 entries from before ")
    assert digest in told.subject
    assert requests_of(vault) == [*(f"new{number}" for number in range(NEW)), None]


def test_the_guard_is_there_afterwards(vault: Vault, moment: int, tmp_path: Path) -> None:
    """Whoever sends the statement."""
    export_before(vault, moment, tmp_path / "audit.jsonl")
    for statement in ("DELETE FROM audit", "UPDATE audit SET outcome = 'ok'"):
        with pytest.raises(DatabaseError, match="append-only"), vault.database.writing() as connection:
            connection.execute(text(statement))


def test_an_interrupted_removal_keeps_the_guard_and_is_finished_by_the_next(
    vault: Vault, moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is removed is in the first file, and what is not, in the second."""
    monkeypatch.setattr(audit_export, "BATCH", 4)
    remove = audit_export._remove

    def fail(connection: object, ids: list[int]) -> None:
        remove(connection, ids)  # type: ignore[arg-type]
        if len(ids) < 4:
            raise RuntimeError("killed")

    with monkeypatch.context() as killed:
        killed.setattr(audit_export, "_remove", fail)
        with pytest.raises(RuntimeError):
            export_before(vault, moment, tmp_path / "first.jsonl")
    with pytest.raises(DatabaseError, match="append-only"), vault.database.writing() as connection:
        connection.execute(text("DELETE FROM audit"))
    assert export_before(vault, moment, tmp_path / "second.jsonl")[0] == OLD - 4
    assert len((tmp_path / "first.jsonl").read_text(encoding="utf-8").splitlines()) == OLD


def test_nothing_is_removed_where_the_file_cannot_be_written(
    vault: Vault, moment: int, tmp_path: Path
) -> None:
    """It is there already, or its folder is not."""
    path = tmp_path / "taken"
    path.write_text("mine")
    for target in (path, tmp_path / "nowhere" / "audit.jsonl"):
        with pytest.raises(VaultError) as told:
            export_before(vault, moment, target)
        assert told.value.code == "bad_arguments"
    assert path.read_text() == "mine"
    assert len(requests_of(vault)) == OLD + NEW
