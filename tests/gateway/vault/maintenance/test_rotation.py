"""Changing the master key on both databases: beside who writes, interrupted anywhere, the old key refused."""

import asyncio
import base64
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.vault.database.tables import grants, vault_facts
from gateway.vault.errors import VaultError
from gateway.vault.keys.facts import HANDOVER_SECONDS, Facts
from gateway.vault.keys.sealing import MasterKey, key_id_of
from gateway.vault.maintenance import rotation
from gateway.vault.maintenance.backup import back_up
from gateway.vault.maintenance.rotation import rotate_master_key
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import store, tokens

NEW = MasterKey(b"n" * 32)
NEW_TEXT = Secret(base64.b64encode(NEW.reveal()).decode())


class Killed(BaseException):
    """What a kill at that place would be."""


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def rotate(vault: Vault, settings: Settings, given: MasterKey | None = NEW) -> rotation.Rotated:
    """Change the key without waiting for processes that there are not."""
    return rotate_master_key(vault, settings, given, sleep=lambda _: None)


def key_ids(vault: Vault) -> set[str]:
    """The ids of the keys that tokens are sealed with."""
    with vault.database.reading() as connection:
        rows = connection.execute(select(grants.c.access_token_sealed, grants.c.refresh_token_sealed)).all()
    return {key_id_of(bytes(value)) for row in rows for value in row}


def many(vault: Vault, user: int, count: int = 7) -> list[int]:
    """Several stores."""
    return [store(vault, user, f"A{number}", f"label{number}").id for number in range(count)]


def test_everything_is_sealed_with_the_new_key(
    vault: Vault, settings: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch by batch, and every token is what it was."""
    monkeypatch.setattr(rotation, "BATCH", 3)
    ids = many(vault, user)
    rotated = rotate(vault, settings)
    assert (rotated.new_key_id, rotated.resealed, rotated.resumed) == (NEW.id, 7, False)
    assert key_ids(vault) == {NEW.id}
    for number, grant_id in enumerate(ids):
        assert vault.grants.tokens(grant_id) == tokens(f"label{number}")


def test_afterwards_the_old_key_is_refused_by_name(
    vault: Vault, settings: Settings, clock: SteppingClock, user: int
) -> None:
    """And the new one opens the vault, with what proves handed-out tokens."""
    kept = store(vault, user)
    old = rotate(vault, settings).old_key_id
    with pytest.raises(VaultError, match=f"wants the master key {NEW.id}.*is {old}"):
        open_vault(settings, clock)
    with open_vault(replace(settings, master_key=NEW_TEXT), clock) as again:
        assert again.grants.tokens(kept.id) == tokens()
        assert asyncio.run(again.reader.grant_of(user, "spapi", tokens().access_token)) is not None
        assert again.facts.next_key is None


def test_a_process_that_serves_goes_on(
    vault: Vault, settings: Settings, user: int, open_another: Callable[[], Vault]
) -> None:
    """It learns of the new key while it reads, and while it writes."""
    kept = store(vault, user)
    _, key = vault.users.issue_key("ann")
    reading, writing = open_another(), open_another()

    def during(_: float) -> None:
        assert reading.keys.learn()
        lease = writing.leases.take(kept.id, "w", 60_000)
        assert lease is not None
        assert writing.leases.store_refresh(lease, kept.token_version, tokens("second"))

    rotate_master_key(vault, settings, NEW, sleep=during)
    assert key_ids(vault) == {NEW.id}
    read = asyncio.run(reading.reader.by_store(key.reveal(), "A1", "NA"))
    assert read is not None
    assert read.tokens == tokens("second")
    store(writing, user, "A2")
    assert key_ids(vault) == {NEW.id}


def test_a_refresh_between_reading_and_writing_is_not_overwritten(
    vault: Vault, settings: Settings, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Re-sealing is a compare-and-swap by the ciphertext."""
    kept = store(vault, user)
    original = vault.keys.in_force
    refreshed = []

    def in_force(connection: Any) -> Any:
        sealer = original(connection)
        if refreshed == ["armed"]:
            refreshed.append("done")
            new = sealer.seal(tokens("newer").access_token, "grants", kept.id, "access_token")
            connection.execute(update(grants).where(grants.c.id == kept.id).values(access_token_sealed=new))
        return sealer

    monkeypatch.setattr(vault.keys, "in_force", in_force)
    rotate_master_key(vault, settings, NEW, sleep=lambda _: refreshed.append("armed"))
    assert refreshed == ["armed", "done"]
    held = vault.grants.tokens(kept.id)
    assert held is not None
    assert held.access_token == tokens("newer").access_token
    assert key_ids(vault) == {NEW.id}


@pytest.mark.parametrize(
    "place", ["announce", "sleep", "first batch", "second batch", "complete", "truncate"]
)
def test_it_can_be_taken_up_again_wherever_it_was_killed(
    vault: Vault,
    settings: Settings,
    clock: SteppingClock,
    user: int,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """By another process, without the key being given once more; nothing is lost and nothing done twice."""
    monkeypatch.setattr(rotation, "BATCH", 3)
    ids = many(vault, user)
    batches = []

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    def counted(*arguments: Any) -> bytes:
        batches.append(1)
        if len(batches) > {"first batch": 0, "second batch": 8}.get(place, 99):
            raise Killed
        return seal_again(*arguments)

    seal_again = rotation._again
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "_again", counted)
        if place == "announce":
            patch.setattr(Facts, "announce", killed)
        if place == "complete":
            patch.setattr(Facts, "complete", killed)
        if place == "truncate":
            patch.setattr(type(vault.database), "truncate_log", killed)
        with pytest.raises(Killed):
            rotate_master_key(vault, settings, NEW, killed if place == "sleep" else lambda _: None)
    announced = place not in ("announce", "truncate")
    done = place == "truncate"
    with open_vault(replace(settings, master_key=NEW_TEXT) if done else settings, clock) as other:
        assert (other.facts.next_key is not None) == announced
        assert [other.grants.tokens(grant_id) for grant_id in ids] == [
            tokens(f"label{number}") for number in range(7)
        ]
        if not done:
            rotated = rotate(other, settings, None if announced else NEW)
            assert (rotated.resumed, rotated.new_key_id) == (announced, NEW.id)
        assert key_ids(other) == {NEW.id}
    with open_vault(replace(settings, master_key=NEW_TEXT), clock) as again:
        assert [again.grants.tokens(grant_id) for grant_id in ids] == [
            tokens(f"label{number}") for number in range(7)
        ]


def test_two_at_once_end_in_one_change(
    vault: Vault, settings: Settings, user: int, open_another: Callable[[], Vault]
) -> None:
    """The second takes part in the first's."""
    many(vault, user)
    other = open_another()
    inner: list[rotation.Rotated] = []
    rotated = rotate_master_key(vault, settings, NEW, lambda _: inner.append(rotate(other, settings)))
    assert (inner[0].new_key_id, rotated.new_key_id) == (NEW.id, NEW.id)
    assert key_ids(vault) == {NEW.id}


def test_while_one_is_under_way_another_key_is_refused(vault: Vault, settings: Settings, user: int) -> None:
    """Both ids are named."""
    third = MasterKey(b"t" * 32)

    def stop(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        rotate_master_key(vault, settings, NEW, stop)
    with pytest.raises(VaultError, match=f"{NEW.id}.*{third.id}"):
        rotate(vault, settings, third)
    assert rotate(vault, settings, NEW).resumed


def test_a_key_that_the_operator_keeps_has_to_be_given(vault: Vault, settings: Settings) -> None:
    """No key is made that nobody would know of; nor is the old one taken as the new."""
    with pytest.raises(VaultError, match="GATEWAY_MASTER_KEY") as caught:
        rotate(vault, settings, None)
    assert "--new-key-file" in caught.value.hint
    with pytest.raises(VaultError, match=vault.master_key.key.id):
        rotate(vault, settings, vault.master_key.key)
    with vault.database.reading() as connection:
        assert Facts.read(connection) == vault.facts


def test_a_key_that_the_gateway_keeps_is_kept_beside_the_old_one(
    settings: Settings, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the key folder; both ids are told, and the vault opens with no further doing."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        alone = replace(settings, master_key=None)
        with open_vault(alone, clock) as vault:
            user = vault.users.create("ann")
            kept = store(vault, user)
            rotated = rotate(vault, alone, None)
            with pytest.raises(VaultError) as caught:
                rotate(vault, alone, NEW)
            assert caught.value.hint == "Leave --new-key-file out."
        names = sorted(path.name for path in settings.master_key_folder.iterdir())
        assert len(names) == 2
        assert any(rotated.new_key_id in name for name in names)
        with open_vault(alone, clock) as again:
            assert again.master_key.key.id == rotated.new_key_id
            assert again.grants.tokens(kept.id) == tokens()
            once_more = rotate(again, alone, None)
            assert once_more.old_key_id == rotated.new_key_id
        with open_vault(alone, clock) as again:
            assert again.grants.tokens(kept.id) == tokens()
    finally:
        keyring.set_keyring(before)


def test_it_is_in_the_audit(vault: Vault, settings: Settings) -> None:
    """Its beginning and its end, with both ids and no key."""
    rotated = rotate(vault, settings)
    told = [(entry.action, entry.subject) for entry in vault.audit.newest(2)[0]]
    ids = f"{rotated.old_key_id} to {NEW.id}"
    assert told == [("master_key_changed", ids), ("master_key_change_begun", ids)]


def test_the_announced_key_is_sealed_and_gone_afterwards(vault: Vault, settings: Settings) -> None:
    """In between the database holds it only sealed by the old key, and afterwards not at all."""
    seen: list[dict[str, str]] = []

    def look(_: float) -> None:
        with vault.database.reading() as connection:
            seen.append(dict(connection.execute(select(vault_facts)).all()))

    rotate_master_key(vault, settings, NEW, look)
    written = str(seen)
    assert "next_master_key" in written
    assert NEW.reveal().hex() not in written
    assert NEW_TEXT.reveal() not in written
    assert NEW_TEXT.reveal().encode().hex() not in written
    with vault.database.reading() as connection:
        names = connection.execute(select(vault_facts.c.name)).scalars().all()
    assert not [name for name in names if name.startswith("next_")]


class TestBackups:
    """Copies of a vault whose key changes."""

    def test_none_is_made_in_the_middle_of_a_change(
        self, vault: Vault, settings: Settings, clock: SteppingClock, user: int, tmp_path: Path
    ) -> None:
        """It would need both keys: refused with nothing left behind, and made once the change is through."""
        kept = store(vault, user)
        copies = tmp_path / "copies"
        copies.mkdir()

        def stop(_: float) -> None:
            raise Killed

        with pytest.raises(Killed):
            rotate_master_key(vault, settings, NEW, stop)
        with pytest.raises(VaultError, match="a change of the master key goes on") as refused:
            back_up(vault, copies / "copy.db")
        assert "rotate-master-key" in refused.value.hint
        assert list(copies.iterdir()) == []
        rotate(vault, settings)
        assert back_up(vault, copies / "vault.db").size > 4096
        restored = replace(settings, data_dir=copies, database_url=None, master_key=NEW_TEXT)
        with open_vault(restored, clock) as copy:
            assert copy.grants.tokens(kept.id) == tokens()


class TestNothingLingers:
    """Old ciphertexts in the files of a SQLite vault."""

    @pytest.fixture
    def database_url(self) -> None:
        """SQLite alone: PostgreSQL keeps its own files."""
        return

    def sealed(self, vault: Vault) -> list[bytes]:
        """The ciphertexts that are in force."""
        with vault.database.reading() as connection:
            rows = connection.execute(
                select(grants.c.access_token_sealed, grants.c.refresh_token_sealed)
            ).all()
        return [value for row in rows for value in row]

    def found(self, vault: Vault, sought: list[bytes]) -> list[bytes]:
        """Which of them stand in the database's files, after the log was emptied."""
        assert sought
        assert vault.database.truncate_log()
        path = vault.database.path
        assert path is not None
        files = list(path.parent.glob("vault.db*"))
        assert len(files) >= 2
        content = b"".join(file.read_bytes() for file in files)
        return [value for value in sought if value[9:60] in content]

    def test_the_search_finds_what_is_there(self, vault: Vault, user: int) -> None:
        """So that finding nothing means something."""
        many(vault, user)
        assert len(self.found(vault, self.sealed(vault))) == 14

    def test_after_a_refresh(self, vault: Vault, user: int) -> None:
        """The tokens that were replaced are gone."""
        kept = store(vault, user)
        before = self.sealed(vault)
        lease = vault.leases.take(kept.id, "w", 60_000)
        assert lease is not None
        vault.leases.store_refresh(lease, kept.token_version, tokens("second"))
        assert self.found(vault, before) == []

    def test_after_a_removal(self, vault: Vault, user: int) -> None:
        """Those of the removed store are gone, the others not."""
        many(vault, user)
        before = self.sealed(vault)
        for number in range(6):
            assert vault.grants.remove_store(user, f"A{number}", "NA")
        left = self.sealed(vault)
        assert self.found(vault, before) == left

    def test_after_a_change_of_the_key(
        self, vault: Vault, settings: Settings, clock: SteppingClock, user: int
    ) -> None:
        """The change empties the log itself; what announced the key is gone, too, once its time is over."""
        many(vault, user, 30)
        before = self.sealed(vault)
        announced: list[bytes] = []

        def look(_: float) -> None:
            with vault.database.reading() as connection:
                query = select(vault_facts.c.value).where(vault_facts.c.name == "next_master_key")
                announced.append(b"x" * 9 + connection.execute(query).scalar_one().encode()[18:])

        rotate_master_key(vault, settings, NEW, look)
        assert announced
        assert vault.database.path is not None
        assert vault.database.path.with_name("vault.db-wal").stat().st_size == 0
        assert self.found(vault, before + announced) == announced
        clock.step(HANDOVER_SECONDS)
        vault.keys.learn()
        assert self.found(vault, before + announced) == []

    def test_a_reader_does_not_hold_it_up_for_long(self, vault: Vault, user: int) -> None:
        """Then the log stays as it is for this time."""
        store(vault, user)
        path = vault.database.path
        assert path is not None
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM grants").fetchone()
        store(vault, user, "A2")
        assert vault.database.truncate_log() is False
        reader.execute("ROLLBACK")
        reader.close()
        assert vault.database.truncate_log() is True


def test_counting_keys_counts(vault: Vault, user: int) -> None:
    """The helper of these tests sees every grant."""
    many(vault, user, 3)
    with vault.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(grants)).scalar_one() == 3
    assert len(key_ids(vault)) == 1
