"""The audit on both databases: what is written down, and that nothing of it can be taken back."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from gateway.model import AuditEntry, Import
from gateway.vault.audit import MOST_RECORDED, UNKNOWN_KEY, AuditContext, follow
from gateway.vault.database.tables import audit
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import account, consumed, new_attempt, store, tokens

CHANGES = [
    "UPDATE audit SET outcome = 'ok'",
    "UPDATE audit SET who = 'nobody' WHERE id = 1",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE id = 1",
]
OF_SQLITE = [
    "INSERT OR REPLACE INTO audit (id, at, who, action, outcome) VALUES (1, 1, 'x', 'x', 'x')",
    "REPLACE INTO audit (id, at, who, action, outcome) VALUES (1, 1, 'x', 'x', 'x')",
    "INSERT INTO audit (id, at, who, action, outcome) VALUES (1, 1, 'x', 'x', 'x') "
    "ON CONFLICT (id) DO UPDATE SET outcome = 'x'",
]
OF_POSTGRESQL = [
    "TRUNCATE audit",
    "INSERT INTO audit (id, at, who, action, outcome) VALUES (1, 1, 'x', 'x', 'x') "
    "ON CONFLICT (id) DO UPDATE SET outcome = 'x'",
]


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def entries(vault: Vault) -> list[AuditEntry]:
    """Everything that is written down, the oldest first."""
    vault.audit.flush()
    return vault.audit.newest(10_000)[0][::-1]


def test_changes_and_deletions_are_refused_by_the_database(vault: Vault, user: int) -> None:
    """Whoever sends the statement."""
    before = entries(vault)
    assert before
    for statement in CHANGES + (OF_SQLITE if vault.database.is_sqlite else OF_POSTGRESQL):
        with pytest.raises(DatabaseError, match="append-only"), vault.database.writing() as connection:
            connection.execute(text(statement))
    assert entries(vault) == before


def test_every_change_is_written_down(vault: Vault, user: int) -> None:
    """Who, what, which store, and how it ended."""
    key_id, _ = vault.users.issue_key("ann")
    kept = store(vault, user)
    brand = account(vault, user)
    imported, _ = vault.authorizations.import_tokens(
        Import(user, "spapi", "app", "EU", "Other", "A2"), tokens("other")
    )
    refused = consumed(vault, user, name="Refused")
    vault.attempts.finish(refused.id, "denied", "access_denied")
    vault.grants.mark_needs_reauthorization(kept.id, kept.token_version, "store_revoked")
    vault.grants.remove_store(user, "A1", "NA")
    vault.users.revoke_key(key_id)
    told = [
        (entry.who, entry.action, entry.subject, entry.grant_id, entry.outcome) for entry in entries(vault)
    ]
    assert told == [
        ("(gateway)", "user_added", "ann", None, "ok"),
        ("(gateway)", "key_issued", f"{key_id} of ann", None, "ok"),
        ("ann", "authorized", "A1 NA", kept.id, "ok"),
        ("ann", "authorized", "Brand", brand.id, "ok"),
        ("(gateway)", "imported", "A2 EU", imported.id, "ok"),
        ("ann", "authorization", "Refused", None, "access_denied"),
        ("(gateway)", "needs_reauthorization", "A1 NA", kept.id, "store_revoked"),
        ("(gateway)", "removed", "A1 NA", kept.id, "ok"),
        ("(gateway)", "key_revoked", key_id, None, "ok"),
    ]


def test_what_did_not_happen_is_not_written_down(vault: Vault, user: int) -> None:
    """A removal of nothing, a key revoked twice, an attempt that had ended."""
    key_id, _ = vault.users.issue_key("ann")
    vault.users.revoke_key(key_id)
    before = len(entries(vault))
    assert not vault.grants.remove_store(user, "A1", "NA")
    assert vault.users.revoke_key(key_id) is not None
    assert vault.users.revoke_key("unknown") is None
    assert not vault.attempts.finish("unknown", "failed", "code_refused")
    assert len(entries(vault)) == before


def test_a_change_and_its_entry_are_one(vault: Vault, user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the entry cannot be written, the change is not made either."""
    kept = store(vault, user)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(vault.audit, "record", fail)
    with pytest.raises(RuntimeError):
        vault.grants.remove_store(user, "A1", "NA")
    assert vault.grants.get(kept.id) is not None


def test_calls_are_written_in_batches_with_their_request(vault: Vault, clock: SteppingClock) -> None:
    """Noted at once, written later, with the time at which they were noted."""
    for number in range(2500):
        vault.audit.record_call(
            AuditContext(f"r{number}", "ann", "key1", "A1 NA"), "/spApi/storeTokens", "ok"
        )
    clock.step(100)
    told = entries(vault)
    assert [entry.request_id for entry in told] == [f"r{number}" for number in range(2500)]
    assert {(entry.at, entry.who, entry.key_id, entry.subject) for entry in told} == {
        (int(clock.now()) - 100, "ann", "key1", "A1 NA")
    }


def test_a_request_of_nobodys_is_not_noted(vault: Vault) -> None:
    """Pages and health checks."""
    vault.audit.record_call(AuditContext("r1"), "/healthz", "ok")
    assert entries(vault) == []


def refuse(vault: Vault, source: str) -> None:
    """Note a request from somewhere with a key that nobody has."""
    vault.audit.record_call(AuditContext("r", UNKNOWN_KEY, None, source), "/x", "unauthorized")


def test_unknown_keys_have_so_many_rows_an_hour(vault: Vault, clock: SteppingClock) -> None:
    """From however many sources they come, and each request is in one number."""
    for number in range(3000):
        refuse(vault, f"2001:db8:{number % 1000}::/64")
    assert len(entries(vault)) == 100
    clock.step(3599)
    assert len(entries(vault)) == 100
    clock.step(1)
    told = [entry.subject for entry in entries(vault)[100:]]
    assert told == [*[f"2001:db8:{number}::/64: 2 more" for number in range(100)], "further addresses: 2700"]
    refuse(vault, "192.0.2.1")
    assert len(entries(vault)) == 202


def test_a_clock_that_goes_back_ends_the_hour(vault: Vault, clock: SteppingClock) -> None:
    """What was counted is not kept until it has caught up."""
    for _ in range(3):
        refuse(vault, "192.0.2.1")
    clock.step(-7200)
    assert [entry.subject for entry in entries(vault)] == ["192.0.2.1", "192.0.2.1: 2 more"]


def test_closing_writes_the_number_of_unknown_keys(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """An hour that is not over ends with the process."""
    other = open_another()
    for _ in range(3):
        refuse(other, "192.0.2.1")
    other.close()
    assert [entry.subject for entry in entries(vault)] == ["192.0.2.1", "192.0.2.1: 2 more"]


def test_a_change_carries_the_request_that_made_it(vault: Vault, user: int) -> None:
    """And its caller."""
    follow(AuditContext("r1", "bob", "key1"))
    vault.authorizations.import_tokens(Import(user, "ads", "app", "NA", "Brand"), tokens())
    entry = entries(vault)[-1]
    assert (entry.who, entry.key_id, entry.request_id) == ("bob", "key1", "r1")


def test_what_cannot_be_written_is_kept_for_later(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its order; nothing is lost and nothing is written twice."""

    def refuse() -> Any:
        raise VaultError("locked", "Wait.", retryable=True)

    for number in range(5):
        vault.audit.record_call(AuditContext(f"r{number}", "ann"), "/x", "ok")
    with monkeypatch.context() as locked:
        locked.setattr(vault.database, "writing", refuse)
        with pytest.raises(VaultError):
            vault.audit.flush()
    vault.audit.record_call(AuditContext("r5", "ann"), "/x", "ok")
    assert [entry.request_id for entry in entries(vault)] == [f"r{number}" for number in range(6)]


def test_a_table_that_is_away_for_a_while_loses_nothing(vault: Vault) -> None:
    """An error that no sentence foresees; the batch goes back, in its order."""
    for number in range(3):
        vault.audit.record_call(AuditContext(f"r{number}", "ann"), "/x", "ok")
    with vault.database.writing() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    with pytest.raises(DatabaseError):
        vault.audit.flush()
    with vault.database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
    assert [entry.request_id for entry in entries(vault)] == ["r0", "r1", "r2"]


def test_closing_tells_what_is_lost_whatever_refuses_it(
    vault: Vault, open_another: Callable[[], Vault], caplog: pytest.LogCaptureFixture
) -> None:
    """By number and type; the other connections are closed all the same."""
    other = open_another()
    vault.users.create("ann")
    key_id, _ = vault.users.issue_key("ann")
    other.audit.record_call(AuditContext("last", "ann"), "/x", "ok")
    other.usage.record_use(key_id)
    with vault.database.writing() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
        connection.execute(text("ALTER TABLE api_keys RENAME TO nowhere"))
    other.close()
    told = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("audit_incomplete calls=1 type=") for line in told)
    assert any(line.startswith("last_use_not_written type=") for line in told)
    with vault.database.writing() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
        connection.execute(text("ALTER TABLE nowhere RENAME TO api_keys"))


def test_memory_is_bounded_and_a_gap_is_told(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written for too long."""
    monkeypatch.setattr("gateway.vault.audit.MOST_RECORDED", 10)
    assert MOST_RECORDED > 1000
    for number in range(14):
        vault.audit.record_call(AuditContext(f"r{number}", "ann"), "/x", "ok")
    told = entries(vault)
    assert [entry.action for entry in told] == ["/x"] * 10 + ["audit_incomplete"]
    assert told[-1].subject == "4 calls were not written down"


def test_what_comes_while_it_is_written_waits_for_the_next_time(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else there would be a transaction for every few calls, as long as calls come."""
    write = vault.database.writing
    transactions = 0

    def write_while_another_comes() -> Any:
        nonlocal transactions
        transactions += 1
        if transactions < 5:
            vault.audit.record_call(AuditContext(f"r{transactions}", "ann"), "/x", "ok")
        return write()

    vault.audit.record_call(AuditContext("r0", "ann"), "/x", "ok")
    with monkeypatch.context() as busy:
        busy.setattr(vault.database, "writing", write_while_another_comes)
        vault.audit.flush()
    assert transactions == 1
    assert [entry.request_id for entry in entries(vault)] == ["r0", "r1"]


def test_closing_writes_what_is_left(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """A graceful stop loses nothing."""
    other = open_another()
    other.audit.record_call(AuditContext("last", "ann"), "/x", "ok")
    other.close()
    assert entries(vault)[-1].request_id == "last"


def test_the_newest_come_first_page_by_page(vault: Vault) -> None:
    """With the number of all."""
    for number in range(5):
        vault.audit.record_call(AuditContext(f"r{number}", "ann"), "/x", "ok")
    vault.audit.flush()
    page, total = vault.audit.newest(2, 1)
    assert ([entry.request_id for entry in page], total) == (["r3", "r2"], 5)


def test_no_entry_holds_a_secret(vault: Vault, user: int) -> None:
    """No token, key or state of anything that was done."""
    _, key = vault.users.issue_key("ann")
    _, state = vault.attempts.begin(new_attempt(user))
    store(vault, user)
    vault.grants.remove_store(user, "A1", "NA")
    with vault.database.reading() as connection:
        written = str(connection.execute(select(audit)).all())
    for secret in (key, state, tokens().access_token, tokens().refresh_token):
        assert secret.reveal() not in written
    assert "A1 NA" in written


def test_an_insert_is_all_that_works(vault: Vault) -> None:
    """So that the tests above do not pass because nothing does."""
    with vault.database.writing() as connection:
        connection.execute(insert(audit).values(at=1, who="x", action="x", outcome="ok"))
    assert len(entries(vault)) == 1


@pytest.mark.parametrize("part", ["audit", "usage"])
def test_who_comes_while_another_thread_writes_waits_for_it(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """What was collected before a flush is in the database when it returns, whoever wrote it."""
    write, order = vault.database.writing, []
    flush = getattr(vault, part).flush

    def second() -> None:
        flush()
        order.append("the second returns")

    other = threading.Thread(target=second)

    @contextmanager
    def writing() -> Iterator[Any]:
        with write() as connection:
            yield connection
            monkeypatch.undo()
            other.start()
            other.join(0.2)  # it waits here for as long as we do
            order.append("written")

    vault.audit.record_call(AuditContext("r1", "ann"), "/x", "ok")
    vault.usage.record_use("key1")
    monkeypatch.setattr(vault.database, "writing", writing)
    flush()
    other.join()
    assert order == ["written", "the second returns"]
