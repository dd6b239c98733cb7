"""What every database under the vault must do: one suite that SQLite and PostgreSQL both pass."""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update

from gateway.model import Attempt, Customer, Flow, Grant, Import, Lease, Page, Right, Site, UnreadProfiles
from gateway.util.api_key import new_api_key
from gateway.util.secret import Secret
from gateway.vault import attempts as attempts_room
from gateway.vault import issued_tokens as issued_tokens_room
from gateway.vault import store_sites as store_sites_room
from gateway.vault.attempts import MOST_CODES, CodeRefused
from gateway.vault.audit import AuditContext
from gateway.vault.authorizations import ConnectedElsewhere, GrantGone
from gateway.vault.database.tables import api_keys, attempts, authorization_codes, grants, handed_out
from gateway.vault.errors import SealBroken, VaultError
from gateway.vault.grants import NameTaken
from gateway.vault.unread_profiles import AGAIN
from gateway.vault.users import USUAL_RIGHTS, UserExists, Users
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import account, consumed, lost_answer, new_attempt, profile, store, tokens


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def together(count: int, call: Callable[[int], object]) -> list[object]:
    """Run a call in so many threads that start at the same moment, and return what they returned."""
    barrier = threading.Barrier(count)
    results: list[object] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            results.append(call(number))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refreshed(vault: Vault, grant: Grant) -> None:
    """Store the tokens "second" for a grant, as a refresh does."""
    lease = vault.leases.take(grant.id, "w", 60_000)
    assert lease is not None
    assert vault.leases.store_refresh(lease, grant.token_version, tokens("second"))


class TestUsers:
    """Users and API keys."""

    def test_an_issued_key_names_its_user(self, vault: Vault, user: int) -> None:
        """A key that was issued authenticates, with its rights."""
        key_id, key = vault.users.issue_key("ann", ("tokens",))
        caller = vault.users.authenticate(key.reveal())
        assert caller is not None
        assert (caller.user_id, caller.user_name, caller.key_id) == (user, "ann", key_id)
        assert caller.rights == {"tokens"}
        assert asyncio.run(vault.reader.caller(key.reveal())) == caller

    def test_a_new_key_has_the_usual_rights(self, vault: Vault, user: int) -> None:
        """What reaches further, as to data of buyers, is in no key to which it was not given."""
        _, key = vault.users.issue_key("ann")
        caller = vault.users.authenticate(key.reveal())
        assert caller is not None
        assert caller.rights == {"tokens", "manage", "proxy"}

    def test_a_key_has_a_label(self, vault: Vault, user: int) -> None:
        """Its caller has it by each way of reading, as does whoever signs in with it."""
        key_id, key = vault.users.issue_key("ann", ("manage",), "夜间 cron")
        caller = vault.users.authenticate(key.reveal())
        assert caller is not None
        assert caller.key_label == "夜间 cron"
        assert asyncio.run(vault.reader.caller(key.reveal())) == caller
        assert vault.sessions.caller(vault.sessions.begin(caller).reveal()) == caller
        assert [(each.id, each.label) for each in vault.users.list_keys()] == [(key_id, "夜间 cron")]

    @pytest.mark.parametrize("label", ["", "  ", " a", "a\nb", "a\u202eb", "x" * 101])
    def test_labels_that_are_none_are_refused(self, vault: Vault, user: int, label: str) -> None:
        """Nothing is issued or changed."""
        key_id, _ = vault.users.issue_key("ann", label="good")
        with pytest.raises(ValueError, match="label"):
            vault.users.issue_key("ann", label=label)
        if label:
            with pytest.raises(ValueError, match="label"):
                vault.users.change_key(key_id, label=label)
        assert [each.label for each in vault.users.list_keys()] == ["good"]

    def test_a_label_is_taken_away_by_an_empty_one(self, vault: Vault, user: int) -> None:
        """The key's rights are as before; it can be named again."""
        key_id, _ = vault.users.issue_key("ann", label="cron")
        changed = vault.users.change_key(key_id, label="")
        assert changed is not None
        assert (changed.label, changed.rights) == (None, USUAL_RIGHTS)
        assert [each.label for each in vault.users.list_keys()] == [None]
        renamed = vault.users.change_key(key_id, label="daily")
        assert renamed is not None
        assert renamed.label == "daily"

    def test_a_key_is_changed(self, vault: Vault, user: int) -> None:
        """Rights are given and taken, and a label; the key is the same, and the change is in the audit."""
        key_id, key = vault.users.issue_key("ann")
        changed = vault.users.change_key(key_id, add=("personal",), remove=("manage",), label="cron")
        assert changed is not None
        assert (changed.rights, changed.label) == (("tokens", "proxy", "personal"), "cron")
        caller = asyncio.run(vault.reader.caller(key.reveal()))
        assert caller is not None
        assert caller.rights == {"tokens", "proxy", "personal"}
        (entry, *_), _ = vault.audit.newest(1)
        assert (entry.action, entry.subject) == ("key_changed", f"{key_id}: tokens, proxy, personal")
        assert vault.users.change_key("unknown", add=("proxy",)) is None
        with pytest.raises(ValueError, match="right"):
            vault.users.change_key(key_id, remove=("tokens", "proxy", "personal"))

    def test_two_changes_at_once_are_both_kept(
        self, vault: Vault, user: int, open_another: Callable[[], Vault]
    ) -> None:
        """Neither takes back what the other has just given."""
        both = [vault.users, open_another().users]
        given: tuple[Right, Right] = ("personal", "application")
        for _ in range(10):
            key_id, _ = vault.users.issue_key("ann")
            changed = together(2, lambda n, key_id=key_id: both[n].change_key(key_id, add=(given[n],)))
            assert None not in changed
            (rights,) = [key.rights for key in vault.users.list_keys() if key.id == key_id]
            assert rights == (*USUAL_RIGHTS, *given)

    def test_the_audit_tells_the_label(self, vault: Vault, user: int) -> None:
        """Of the key that a call was made with, as it is called now."""
        key_id, key = vault.users.issue_key("ann", label="cron")
        caller = vault.users.authenticate(key.reveal())
        assert caller is not None
        vault.audit.record_call(AuditContext("r1", "ann", key_id), "/spApi/storeTokens", "ok")
        vault.audit.flush()
        (entry, before), _ = vault.audit.newest(2)
        assert (entry.key_id, entry.key_label) == (key_id, "cron")
        assert before.key_label is None
        assert vault.audit.of_user(caller, 1)[0].key_label == "cron"

    def test_the_key_itself_is_not_stored(self, vault: Vault, user: int) -> None:
        """The database holds a digest, never the key."""
        _, key = vault.users.issue_key("ann")
        with vault.database.reading() as connection:
            row = connection.execute(select(api_keys)).one()
        assert key.reveal() not in str(tuple(row))
        assert key.reveal().startswith("lfx_local_")
        assert len(key.reveal()) == 53

    @pytest.mark.parametrize(
        "presented",
        ["", "lfx_local_", "lfx_local_" + "a" * 43, "lfx_local_" + "ä" * 43, "\ud800", "x" * 9999],
    )
    def test_other_keys_are_refused(self, vault: Vault, user: int, presented: str) -> None:
        """Whatever is not a key of this vault authenticates nobody."""
        vault.users.issue_key("ann")
        assert vault.users.authenticate(presented) is None
        assert asyncio.run(vault.reader.caller(presented)) is None
        assert asyncio.run(vault.reader.by_store(presented, "A1", "NA")) is None

    def test_a_revoked_key_stops_working(self, vault: Vault, user: int) -> None:
        """Both ways of reading refuse a key once it is revoked."""
        _, key = vault.users.issue_key("ann")
        with vault.database.writing() as connection:
            connection.execute(update(api_keys).values(revoked_at=1))
        assert vault.users.authenticate(key.reveal()) is None
        assert asyncio.run(vault.reader.caller(key.reveal())) is None
        assert asyncio.run(vault.reader.by_store(key.reveal(), "A1", "NA")) is None

    def test_a_name_is_taken_once(self, vault: Vault, user: int) -> None:
        """A second user of the same name is refused."""
        with pytest.raises(UserExists):
            vault.users.create("ann")

    @pytest.mark.parametrize("name", ["", "  ", " ann", "a\nb", "x" * 101])
    def test_names_that_are_none_are_refused(self, vault: Vault, name: str) -> None:
        """Blank, padded, unprintable and overlong names are refused."""
        with pytest.raises(ValueError, match="printable"):
            vault.users.create(name)

    def test_the_first_key_is_made_with_the_owner(self, vault: Vault) -> None:
        """Both once: another process that begins at the same time makes no further key."""
        keys = [new_api_key() for _ in range(2)]
        assert [vault.users.begin(key, "bootstrap") for key in keys] == [True, False]
        assert [(key.user_name, key.label) for key in vault.users.list_keys()] == [("owner", "bootstrap")]
        assert vault.users.authenticate(keys[0].reveal()) is not None
        assert vault.users.authenticate(keys[1].reveal()) is None

    def test_of_several_that_begin_at_once_one_does(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each of them saw no user before it wrote; the others leave neither user nor key behind."""
        monkeypatch.setattr(Users, "is_there", lambda *_: False)
        key = new_api_key()
        assert [vault.users.begin(key) for _ in range(2)] == [True, False]
        assert len(vault.users.list_keys()) == 1

    def test_last_use_is_written_in_batches(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """Reads only note that a key and a grant were used; the flush writes it, and never an older time."""
        _, key = vault.users.issue_key("ann")
        store(vault, user)

        def used() -> tuple[object, object]:
            with vault.database.reading() as connection:
                return (
                    connection.execute(select(api_keys.c.last_used_at)).scalar(),
                    connection.execute(select(grants.c.last_used_at)).scalar(),
                )

        asyncio.run(vault.reader.by_store(key.reveal(), "A1", "NA"))
        vault.usage.flush()
        assert used() == (int(clock.now()), int(clock.now()))
        clock.step(-50)
        asyncio.run(vault.reader.by_store(key.reveal(), "A1", "NA"))
        vault.usage.flush()
        assert used() == (int(clock.now()) + 50, int(clock.now()) + 50)


class TestAttempts:
    """A state works once, for its flow, in its time."""

    def test_what_was_begun_comes_back(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """An attempt keeps everything that it was begun with."""
        new = new_attempt(
            user, name="我的店铺 ☕", marketplace="US", requested_scopes=("a", "b"), expected_seller_id="A1"
        )
        attempt_id, state = vault.attempts.begin(new)
        attempt = vault.attempts.get(attempt_id)
        assert attempt is not None
        assert (attempt.name, attempt.marketplace, attempt.user_name) == ("我的店铺 ☕", "US", "ann")
        assert (attempt.requested_scopes, attempt.expected_seller_id) == (("a", "b"), "A1")
        assert (attempt.phase, attempt.expires_at) == ("pending", int(clock.now()) + 900)
        assert len(attempt_id) == 22
        assert len(state.reveal()) == 43

    def test_an_id_does_not_look_like_a_flag(
        self, vault: Vault, user: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is handed to a script as it is; every 64th random one begins with a `-`."""
        drawn = ["--ab", "-abc", "the-id"]
        real = secrets.token_urlsafe
        monkeypatch.setattr(secrets, "token_urlsafe", lambda size: drawn.pop(0) if drawn else real(size))
        attempt_id, _ = vault.attempts.begin(new_attempt(user))
        assert attempt_id == "the-id"

    def test_names_are_told_to_whoever_began(self, vault: Vault, user: int) -> None:
        """Of several attempts at once; nothing of another user's, and nothing of an id that is none."""
        mine, _ = vault.attempts.begin(new_attempt(user, name="极光-日本"))
        others, _ = vault.attempts.begin(new_attempt(vault.users.create("bob"), name="Secret"))
        assert vault.attempts.names(user, {mine, others, "none"}) == {mine: "极光-日本"}
        assert vault.attempts.names(user, set()) == {}

    def test_a_state_is_consumed_once(self, vault: Vault, user: int) -> None:
        """The first to bring a state gets its attempt, the second nothing."""
        _, state = vault.attempts.begin(new_attempt(user))
        first = vault.attempts.consume(state.reveal(), "spapi")
        assert first is not None
        assert first.phase == "exchanging"
        assert vault.attempts.consume(state.reveal(), "spapi") is None

    def test_who_consumed_a_state_may_repeat_it(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """The connection broke before the answer: the repeat gets the attempt, however late; nobody else."""
        attempt_id, state = vault.attempts.begin(new_attempt(user))

        def consume(consumer: str) -> Attempt | None:
            return vault.attempts.consume(state.reveal(), "spapi", Secret("the-code"), consumer=consumer)

        with lost_answer(vault.database), pytest.raises(VaultError):
            consume("the first")
        clock.step(900)
        vault.attempts.settle_interrupted(older_than=60)
        assert consume("another") is None
        assert vault.attempts.consume(state.reveal(), "spapi") is None
        attempt = consume("the first")
        assert attempt is not None
        assert attempt.id == attempt_id
        vault.authorizations.authorize(attempt, "A1", tokens(), None)
        ended = vault.attempts.get(attempt_id)
        assert ended is not None
        assert (ended.phase, ended.reason) == ("authorized", None)

    def test_of_many_at_once_one_consumes(self, vault: Vault, user: int) -> None:
        """However many bring the same state at the same moment, one gets the attempt."""
        _, state = vault.attempts.begin(new_attempt(user))
        results = together(8, lambda _: vault.attempts.consume(state.reveal(), "spapi"))
        assert sorted(result is None for result in results) == [False] + [True] * 7

    def test_an_expired_state_is_refused(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """At its last second a state still works, afterwards not."""
        _, in_time = vault.attempts.begin(new_attempt(user))
        _, too_late = vault.attempts.begin(new_attempt(user))
        clock.step(899)
        assert vault.attempts.consume(in_time.reveal(), "spapi") is not None
        clock.step(1)
        assert vault.attempts.consume(too_late.reveal(), "spapi") is None
        found = vault.attempts.find_by_state(too_late.reveal())
        assert found is not None
        assert found.phase == "pending"

    def test_a_state_of_the_other_flow_is_refused_and_kept(self, vault: Vault, user: int) -> None:
        """A store's state at the ads callback does nothing, and still works where it belongs."""
        _, state = vault.attempts.begin(new_attempt(user))
        assert vault.attempts.consume(state.reveal(), "ads") is None
        assert vault.attempts.consume(state.reveal(), "spapi") is not None

    def test_a_code_is_the_first_attempt_s(self, vault: Vault, user: int) -> None:
        """Whoever else brings it is refused, and may go on with another code; a digest of it is kept."""
        first, _ = vault.attempts.begin(new_attempt(user))
        _, other = vault.attempts.begin(new_attempt(user))
        code = Secret("the-code")
        browser = Secret("a-browser")
        vault.attempts.hold_code(first, code, browser)
        vault.attempts.hold_code(first, code, browser)  # its callback was opened twice
        with pytest.raises(CodeRefused, match="code_taken"):
            vault.attempts.consume(other.reveal(), "spapi", code)
        second = vault.attempts.consume(other.reveal(), "spapi", Secret("another"))
        assert second is not None
        for attempt_id, taken, by in (
            (second.id, code, browser),
            (first, Secret("another"), browser),
            (first, code, Secret("another-browser")),
        ):
            with pytest.raises(CodeRefused, match="code_taken"):
                vault.attempts.hold_code(attempt_id, taken, by)
        with vault.database.reading() as connection:
            kept = str(connection.execute(select(authorization_codes)).all())
        assert "the-code" not in kept
        assert "a-browser" not in kept

    def test_an_attempt_has_few_codes(self, vault: Vault, user: int) -> None:
        """So nobody who has a link fills the database; those that are there stay good."""
        attempt_id, _ = vault.attempts.begin(new_attempt(user))
        browser = Secret("a-browser")
        for number in range(MOST_CODES):
            vault.attempts.hold_code(attempt_id, Secret(f"code {number}"), browser)
        with pytest.raises(CodeRefused, match="too_many_codes"):
            vault.attempts.hold_code(attempt_id, Secret("one more"), browser)
        vault.attempts.hold_code(attempt_id, Secret("code 0"), browser)
        with vault.database.reading() as connection:
            count = connection.execute(select(func.count()).select_from(authorization_codes)).scalar()
        assert count == MOST_CODES

    def test_of_many_attempts_at_once_one_gets_a_code(self, vault: Vault, user: int) -> None:
        """However many processes bring it at the same moment; the others' states stay good."""
        states = [vault.attempts.begin(new_attempt(user))[1].reveal() for _ in range(6)]
        code = Secret("the-code")
        results = together(6, lambda number: vault.attempts.consume(states[number], "spapi", code))
        assert sorted(isinstance(result, CodeRefused) for result in results) == [False] + [True] * 5
        with vault.database.reading() as connection:
            phases = connection.execute(select(attempts.c.phase)).scalars().all()
        assert sorted(phases) == ["exchanging"] + ["pending"] * 5

    @pytest.mark.parametrize("state", ["", "unknown", "\ud800", "x" * 100_000])
    def test_unknown_states_find_nothing(self, vault: Vault, user: int, state: str) -> None:
        """Whatever was never given out is nobody's state."""
        vault.attempts.begin(new_attempt(user))
        assert vault.attempts.consume(state, "spapi") is None
        assert vault.attempts.find_by_state(state) is None

    def test_the_state_itself_is_not_stored(self, vault: Vault, user: int) -> None:
        """The database holds a digest of the state only."""
        _, state = vault.attempts.begin(new_attempt(user))
        with vault.database.reading() as connection:
            assert state.reveal() not in str(tuple(connection.execute(select(attempts)).one()))

    def test_another_user_s_attempt_does_not_exist(self, vault: Vault, user: int) -> None:
        """With a user's id, only that user's attempts are found."""
        attempt_id, _ = vault.attempts.begin(new_attempt(user))
        assert vault.attempts.get(attempt_id, user) is not None
        assert vault.attempts.get(attempt_id, vault.users.create("eve")) is None

    def test_an_end_is_final(self, vault: Vault, user: int) -> None:
        """What ended once does not end again another way."""
        attempt = consumed(vault, user)
        assert vault.attempts.finish(attempt.id, "denied", "access_denied", "said no")
        assert not vault.attempts.finish(attempt.id, "failed", "code_refused")
        ended = vault.attempts.get(attempt.id)
        assert ended is not None
        assert (ended.phase, ended.reason, ended.detail) == ("denied", "access_denied", "said no")

    def test_interrupted_exchanges_are_settled(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """Exchanges that are old enough end as interrupted; pending ones and younger ones stay."""
        old = consumed(vault, user)
        clock.step(100)
        young = consumed(vault, user)
        pending, _ = vault.attempts.begin(new_attempt(user))
        assert vault.attempts.settle_interrupted(older_than=60) == 1
        phases = [vault.attempts.get(one).phase for one in (old.id, young.id, pending)]  # type: ignore[union-attr]
        assert phases == ["failed", "exchanging", "pending"]
        assert vault.attempts.get(old.id).reason == "interrupted"  # type: ignore[union-attr]
        entries, _ = noted = vault.audit.newest(9)
        (entry,) = [entry for entry in entries if entry.action == "authorization"]
        assert (entry.who, entry.subject, entry.outcome) == (old.user_name, old.name, "interrupted")
        assert vault.attempts.settle_interrupted(older_than=60) == 0
        assert vault.audit.newest(9) == noted

    def test_old_attempts_are_forgotten(
        self, vault: Vault, user: int, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Thirty days after their links' end, a few at a time; what they led to and what was noted stays."""
        monkeypatch.setattr(attempts_room, "MOST_FORGOTTEN", 2)
        grant = store(vault, user)
        ended = consumed(vault, user)
        vault.attempts.finish(ended.id, "failed", "code_refused")
        unused, _ = vault.attempts.begin(new_attempt(user))
        clock.step(900 + 30 * 24 * 3600)
        young, state = vault.attempts.begin(new_attempt(user))
        assert vault.attempts.forget_old() == 0
        assert vault.attempts.get(unused) is not None
        clock.step(1)
        entries = vault.audit.newest(9)
        assert [vault.attempts.forget_old() for _ in range(3)] == [2, 1, 0]
        assert vault.attempts.get(ended.id) is None
        assert vault.attempts.get(unused) is None
        assert vault.attempts.consume(state.reveal(), "spapi").id == young  # type: ignore[union-attr]
        assert vault.grants.get(grant.id) == grant
        assert vault.audit.newest(9) == entries

    def test_notes_are_kept(self, vault: Vault, user: int) -> None:
        """How the sync and the check went is kept with the attempt."""
        attempt = consumed(vault, user)
        vault.attempts.record_profile_sync(attempt.id, "profile_sync_failed")
        vault.attempts.record_verification(attempt.id, "unverified")
        noted = vault.attempts.get(attempt.id)
        assert noted is not None
        assert (noted.profile_sync, noted.verification) == ("profile_sync_failed", "unverified")

    def test_who_came_is_kept(self, vault: Vault, user: int) -> None:
        """The seller who came back in place of the expected one."""
        attempt = consumed(vault, user, expected_seller_id="A1")
        assert vault.attempts.finish(attempt.id, "failed", "wrong_seller", got_seller_id="A2")
        ended = vault.attempts.get(attempt.id)
        assert ended is not None
        assert (ended.expected_seller_id, ended.got_seller_id, ended.known_before) == ("A1", "A2", None)


class TestGrants:
    """A grant belongs to one user, keeps its id, and its tokens open in its own row only."""

    def test_an_authorization_is_kept_and_ends_its_attempt(self, vault: Vault, user: int) -> None:
        """The grant is listed, its tokens open, and the attempt names it."""
        attempt = consumed(vault, user, requested_scopes=("a",))
        grant = vault.authorizations.authorize(attempt, "A1", tokens(scopes=("a", "b")), 1_900_000_000)
        assert vault.grants.of_user(user, "spapi") == [grant]
        assert vault.grants.tokens(grant.id) == tokens(scopes=("a", "b"))
        assert 10**11 <= grant.id < 2**53
        assert (grant.requested_scopes, grant.granted_scopes) == (("a",), ("a", "b"))
        assert (grant.status, grant.verified, grant.authorization_expires_at) == (
            "authorized",
            None,
            1_900_000_000,
        )
        ended = vault.attempts.get(attempt.id)
        assert ended is not None
        assert (ended.phase, ended.grant_id) == ("authorized", grant.id)

    def test_what_was_kept_is_not_kept_again(self, vault: Vault, user: int) -> None:
        """The repeat of an authorization whose answer was lost: what a refresh has stored since stays."""
        attempt = consumed(vault, user)
        with lost_answer(vault.database), pytest.raises(VaultError):
            vault.authorizations.authorize(attempt, "A1", tokens(), None)
        (kept,) = vault.grants.of_user(user, "spapi")
        refreshed(vault, kept)
        entries = vault.audit.newest(9)
        assert vault.authorizations.authorize(attempt, "A1", tokens(), None) == vault.grants.get(kept.id)
        assert vault.grants.tokens(kept.id) == tokens("second")
        assert vault.audit.newest(9) == entries
        assert vault.grants.remove_store(user, "A1", "NA")
        with pytest.raises(GrantGone):
            vault.authorizations.authorize(attempt, "A1", tokens(), None)
        assert vault.grants.of_user(user, "spapi") == []

    def test_an_attempt_says_what_was_known(self, vault: Vault, user: int) -> None:
        """Nothing; the same store by the same name; by another one; and a repeat changes nothing of that."""
        known = []
        for name in ("One", "One", "Two", "Two"):
            attempt = consumed(vault, user, name=name)
            for _ in range(2):
                vault.authorizations.authorize(attempt, "A1", tokens(name), None)
            ended = vault.attempts.get(attempt.id)
            assert ended is not None
            known.append((ended.known_before, ended.previous_name))
        assert known == [(False, None), (True, None), (True, "One"), (True, None)]

    def test_a_repeated_import_knows_what_was_there(self, vault: Vault, user: int) -> None:
        """Its answer was lost; that the store was known was not."""
        store(vault, user, label="old")
        wanted = Import(user, "spapi", "app", "NA", "Mine", "A1")
        with lost_answer(vault.database), pytest.raises(VaultError):
            vault.authorizations.import_tokens(wanted, tokens())
        assert vault.authorizations.import_tokens(wanted, tokens()).before is not None

    def test_a_renamed_grant_changes_nothing_else(self, vault: Vault, user: int) -> None:
        """Neither its tokens nor its version; the audit says it, unless it has the name already."""
        grant = store(vault, user)
        renamed = vault.grants.rename(user, grant.id, "新名字")
        assert renamed == (grant._replace(name="新名字"), grant)
        assert renamed.previous_name == "My Store"
        assert vault.grants.get(grant.id) == renamed.grant
        assert vault.grants.tokens(grant.id) == tokens()
        assert vault.audit.newest(1)[0][0].action == "renamed"
        entries = vault.audit.newest(9)
        again = vault.grants.rename(user, grant.id, "新名字")
        assert again == (renamed.grant, renamed.grant)
        assert again.previous_name is None
        assert vault.audit.newest(9) == entries

    def test_no_two_accounts_get_one_name(self, vault: Vault, user: int) -> None:
        """Of one user; stores may have one, and other users' accounts do not count."""
        one, two = account(vault, user, "One"), account(vault, user, "Two")
        with pytest.raises(NameTaken):
            vault.grants.rename(user, one.id, "Two")
        assert vault.grants.get(one.id) == one
        assert vault.grants.rename(user, store(vault, user).id, "Two") is not None
        bob = vault.users.create("bob")
        assert vault.grants.rename(bob, account(vault, bob, "One").id, "Two") is not None
        assert vault.grants.rename(bob, two.id, "Three") is None
        assert vault.grants.rename(user, 7, "Three") is None

    def test_others_of_one_name_are_counted(self, vault: Vault, user: int) -> None:
        """Stores of the same user; neither ads accounts nor what another user has."""
        one = store(vault, user)
        assert vault.grants.others_named(one) == 0
        store(vault, user, "A2")
        store(vault, user, region="EU")
        account(vault, user, "My Store")
        store(vault, vault.users.create("bob"))
        assert vault.grants.others_named(one) == 2

    def test_what_was_imported_is_not_imported_again(self, vault: Vault, user: int) -> None:
        """As for an authorization."""
        wanted = Import(user, "spapi", "app", "NA", "Mine", "A1")
        with lost_answer(vault.database), pytest.raises(VaultError):
            vault.authorizations.import_tokens(wanted, tokens())
        (kept,) = vault.grants.of_user(user, "spapi")
        refreshed(vault, kept)
        entries = vault.audit.newest(9)
        assert vault.authorizations.import_tokens(wanted, tokens()) == (vault.grants.get(kept.id), None)
        assert vault.grants.tokens(kept.id) == tokens("second")
        assert vault.audit.newest(9) == entries

    @pytest.mark.parametrize("kept_there", [False, True])
    def test_what_was_moved_is_not_moved_again(self, vault: Vault, user: int, kept_there: bool) -> None:
        """A store that is under its region already stays there, with the attempt that names it."""
        there = store(vault, user, region="EU", label="old").id if kept_there else None
        attempt = consumed(vault, user, region="FE")
        grant = vault.authorizations.authorize(attempt, "A1", tokens(), None)
        wanted = replace(attempt, region="EU", marketplace="IN")
        with lost_answer(vault.database), pytest.raises(VaultError):
            vault.authorizations.move(wanted, grant, tokens())
        moved = vault.authorizations.move(wanted, grant, tokens())
        assert vault.grants.of_user(user, "spapi") == [moved]
        assert (moved.id, moved.region, moved.marketplace) == (there or grant.id, "EU", "IN")
        assert vault.grants.tokens(moved.id) == tokens()
        assert vault.attempts.get(attempt.id).grant_id == moved.id  # type: ignore[union-attr]

    def test_a_store_that_was_authorized_again_by_id_is_moved(self, vault: Vault, user: int) -> None:
        """It keeps its id, although the link named the place where it was."""
        first = store(vault, user, region="FE")
        attempt = consumed(vault, user, region="FE", expected_record_id=first.id)
        grant = vault.authorizations.authorize(attempt, "A1", tokens("second"), None)
        moved = vault.authorizations.move(
            replace(attempt, region="EU", marketplace="IN"), grant, tokens("second")
        )
        assert vault.grants.of_user(user, "spapi") == [moved]
        assert (moved.id, moved.region) == (first.id, "EU")

    def test_a_store_that_was_removed_is_not_moved(self, vault: Vault, user: int) -> None:
        """Nor made anew."""
        attempt = consumed(vault, user, region="FE")
        grant = vault.authorizations.authorize(attempt, "A1", tokens(), None)
        vault.grants.remove_store(user, "A1", "FE")
        with pytest.raises(GrantGone):
            vault.authorizations.move(replace(attempt, region="EU", marketplace="IN"), grant, tokens())
        assert vault.grants.of_user(user, "spapi") == []

    def test_authorizing_again_keeps_the_id(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """The same store gets new tokens and a clean status under its old id."""
        first = store(vault, user)
        vault.grants.mark_needs_reauthorization(first.id, first.token_version, "store_revoked")
        clock.step(10)
        second = store(vault, user, label="second", name="New name")
        assert second.id == first.id
        assert (second.name, second.status, second.status_reason) == ("New name", "authorized", None)
        assert second.authorized_at == first.authorized_at + 10
        assert vault.grants.tokens(first.id) == tokens("second")
        assert len(vault.grants.of_user(user, "spapi")) == 1

    def test_regions_and_users_have_grants_of_their_own(self, vault: Vault, user: int) -> None:
        """The same seller in another region, or at another user, is another grant."""
        other = vault.users.create("bob")
        mine = [store(vault, user, region="EU"), store(vault, user, region="NA")]
        theirs = store(vault, other)
        assert vault.grants.stores_of(user, "A1") == mine
        assert vault.grants.stores_of(user, "A1", "NA") == mine[1:]
        assert vault.grants.of_user(other, "spapi") == [theirs]

    def test_stores_are_listed_by_seller_and_region(self, vault: Vault, user: int) -> None:
        """The order does not depend on when a store was authorized."""
        for seller, region in (("B", "NA"), ("A", "NA"), ("B", "EU")):
            store(vault, user, seller, region=region)
        listed = [(grant.seller_id, grant.region) for grant in vault.grants.of_user(user, "spapi")]
        assert listed == [("A", "NA"), ("B", "EU"), ("B", "NA")]

    def test_an_account_is_known_by_its_name(self, vault: Vault, user: int) -> None:
        """The same account name is the same grant, even from another region."""
        first = account(vault, user, "Brand", region="NA")
        second = account(vault, user, "Brand", region="EU")
        assert second.id == first.id
        assert second.region == "EU"
        assert account(vault, user, "Other").id != first.id

    def test_an_account_authorized_again_by_id_is_renamed(self, vault: Vault, user: int) -> None:
        """With its authRecordId an account is renewed under a new name, unless another one has that name."""
        brand = account(vault, user, "Brand")
        account(vault, user, "Taken")
        assert account(vault, user, "New", expected_record_id=brand.id).id == brand.id
        assert vault.grants.account(user, brand.id).name == "New"  # type: ignore[union-attr]
        again = account(vault, user, "Taken", label="second", expected_record_id=brand.id)
        assert (again.id, again.name) == (brand.id, "New")
        assert vault.grants.tokens(brand.id) == tokens("second")

    def test_another_user_s_account_is_not_renewed(self, vault: Vault, user: int) -> None:
        """Nor one that is gone; nothing is made in its place, and none of the same name is replaced."""
        theirs = account(vault, vault.users.create("bob"))
        mine = account(vault, user)
        gone = account(vault, user, "Gone")
        vault.grants.remove_account(user, gone.id)
        for record_id in (theirs.id, gone.id):
            with pytest.raises(GrantGone):
                account(vault, user, label="new", expected_record_id=record_id)
        for kept in (theirs, mine):
            assert vault.grants.tokens(kept.id) == tokens()
        assert [grant.id for grant in vault.grants.of_user(user, "ads")] == [mine.id]

    def test_a_store_that_is_removed_while_it_is_looked_at_does_not_move(
        self, vault: Vault, user: int
    ) -> None:
        """It stays removed, and its attempt as it ended."""
        attempt = consumed(vault, user)
        grant = vault.authorizations.authorize(attempt, "A1", tokens(), None)
        assert vault.grants.remove_store(user, "A1", grant.region)
        with pytest.raises(GrantGone):
            vault.authorizations.move(replace(attempt, region="EU"), grant, tokens())
        assert vault.grants.of_user(user, "spapi") == []

    def test_the_same_store_authorized_at_once_is_one_grant(self, vault: Vault, user: int) -> None:
        """Callbacks for the same store at the same moment all succeed and leave one row."""
        ready = [consumed(vault, user) for _ in range(6)]
        results = together(6, lambda n: vault.authorizations.authorize(ready[n], "A1", tokens(str(n)), None))
        assert len({grant.id for grant in results}) == 1  # type: ignore[attr-defined]
        assert len(vault.grants.of_user(user, "spapi")) == 1

    def test_a_store_stays_with_its_customer(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """Another one's attempt changes nothing, not even where it waited; one of nobody's leaves it so."""
        given_at = int(clock.now())
        other = consumed(vault, user, customer=Customer(external_id="18"))
        clock.step(60)
        kept = store(vault, user, customer=Customer(external_id="17"))
        for given in (given_at, None):
            with pytest.raises(ConnectedElsewhere):
                vault.authorizations.authorize(other, "A1", tokens("other"), None, given)
        assert vault.grants.with_tokens(kept.id) == (kept, tokens())
        ended = vault.attempts.get(other.id)
        assert ended is not None
        assert (ended.phase, ended.grant_id) == ("exchanging", None)
        assert store(vault, user, label="again").external_id == "17"
        taken = Customer(external_id="18", replace=True)
        assert store(vault, user, label="taken", customer=taken).external_id == "18"

    def test_of_two_customers_at_once_one_gets_the_store(self, vault: Vault, user: int) -> None:
        """Whichever comes first has it; all others are told."""
        ready = [consumed(vault, user, customer=Customer(external_id=str(n))) for n in range(6)]
        results = together(6, lambda n: vault.authorizations.authorize(ready[n], "A1", tokens(str(n)), None))
        (kept,) = (each for each in results if isinstance(each, Grant))
        assert sum(isinstance(each, ConnectedElsewhere) for each in results) == 5
        assert vault.grants.of_user(user, "spapi") == [kept]
        assert kept.external_id is not None
        assert vault.grants.tokens(kept.id) == tokens(kept.external_id)

    def test_a_store_does_not_move_to_another_customer_s(self, vault: Vault, user: int) -> None:
        """What was new with its attempt is gone, and the attempt is there to be ended."""
        there = store(vault, user, region="EU", customer=Customer(external_id="17"))
        attempt = consumed(vault, user, customer=Customer(external_id="18"))
        grant = vault.authorizations.authorize(attempt, "A1", tokens("new"), None)
        with pytest.raises(ConnectedElsewhere):
            vault.authorizations.move(replace(attempt, region="EU"), grant, tokens("new"))
        assert vault.grants.of_user(user, "spapi") == [there]
        assert vault.attempts.finish(attempt.id, "failed", "connected_elsewhere")

    def test_what_was_kept_before_stays_where_a_refused_move_is_repeated(
        self, vault: Vault, user: int
    ) -> None:
        """Its answer was lost: the store that the attempt had authorized again is not taken for a new one."""
        there = store(vault, user, region="EU", customer=Customer(external_id="17"))
        kept = store(vault, user, region="FE", label="old")
        attempt = consumed(vault, user, region="FE", customer=Customer(external_id="18"))
        grant = vault.authorizations.authorize(attempt, "A1", tokens("new"), None)
        wanted = replace(attempt, region="EU")
        with lost_answer(vault.database), pytest.raises(VaultError):
            vault.authorizations.move(wanted, grant, tokens("new"))
        with pytest.raises(ConnectedElsewhere):
            vault.authorizations.move(wanted, grant, tokens("new"))
        assert {each.id for each in vault.grants.of_user(user, "spapi")} == {there.id, kept.id}
        assert vault.attempts.finish(attempt.id, "failed", "connected_elsewhere")

    def test_a_link_that_nobody_used_ends_once(
        self, vault: Vault, user: int, clock: SteppingClock, open_another: Callable[[], Vault]
    ) -> None:
        """Whichever replica notices; what was used in time is left alone."""
        other = open_another()
        attempt_id, state = vault.attempts.begin(new_attempt(user))
        used = consumed(vault, user)
        clock.step(899)
        assert vault.attempts.settle_expired() == 0
        clock.step(1)
        counts = together(2, lambda n: (vault, other)[n].attempts.settle_expired())
        assert sorted(counts) == [0, 1]  # type: ignore[type-var]
        ended, going_on = vault.attempts.get(attempt_id), vault.attempts.get(used.id)
        assert ended is not None
        assert going_on is not None
        assert (ended.phase, ended.reason, ended.ended_at) == ("expired", "expired", int(clock.now()))
        assert going_on.phase == "exchanging"
        assert vault.attempts.consume(state.reveal(), "spapi") is None

    def test_what_was_given_earlier_does_not_replace_what_was_given_later(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """Tokens that waited for the database end their attempt, and leave a later consent's in place."""
        given_at = int(clock.now())
        waited = consumed(vault, user)
        clock.step(60)
        later = store(vault, user, label="later")
        clock.step(60)
        kept = vault.authorizations.authorize(waited, "A1", tokens("earlier"), None, given_at)
        assert kept == later
        assert vault.grants.tokens(later.id) == tokens("later")
        ended = vault.attempts.get(waited.id)
        assert ended is not None
        assert (ended.phase, ended.grant_id, ended.ended_at) == ("authorized", later.id, int(clock.now()))

    def test_when_it_was_given_is_when_it_was_authorized(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """However long it waited for the database; a time that is still to come holds nothing up."""
        given_at = int(clock.now())
        clock.step(60)
        grant = vault.authorizations.authorize(consumed(vault, user), "A1", tokens(), None, given_at)
        assert grant.authorized_at == given_at
        clock.step(-3600)
        assert store(vault, user, label="later").id == grant.id
        assert vault.grants.tokens(grant.id) == tokens("later")

    def test_a_swapped_ciphertext_does_not_open(self, vault: Vault, user: int) -> None:
        """A token copied to another row or column is refused, naming the key that it wants."""
        first, second = store(vault, user, "A1"), store(vault, user, "A2", "second")
        for copy in (
            "UPDATE grants SET access_token_sealed ="
            f" (SELECT access_token_sealed FROM grants WHERE id = {first.id}) WHERE id = {second.id}",
            f"UPDATE grants SET refresh_token_sealed = access_token_sealed WHERE id = {first.id}",
        ):
            with vault.database.writing() as connection:
                connection.execute(text(copy))
        for grant in (first, second):
            with pytest.raises(SealBroken, match=vault.facts.master_key_id) as refused:
                vault.grants.tokens(grant.id)
            assert "Atz" not in str(refused.value)

    def test_verification_is_noted(self, vault: Vault, user: int) -> None:
        """Whether the store could be called is kept."""
        grant = store(vault, user)
        vault.grants.set_verified(grant.id, False)
        assert vault.grants.get(grant.id).verified is False  # type: ignore[union-attr]

    def test_a_lease_with_tokens_shows_what_the_grant_holds(self, vault: Vault, user: int) -> None:
        """As it is when the lease is taken; nothing while somebody else has it, or without a grant."""
        grant = store(vault, user, label="held")
        leased = vault.leases.take_with_tokens(grant.id, "me", 60_000)
        assert leased is not None
        lease, found, held = leased
        assert (lease.grant_id, lease.owner) == (grant.id, "me")
        assert (found, held) == (vault.grants.get(grant.id), tokens("held"))
        assert vault.leases.take_with_tokens(grant.id, "you", 60_000) is None
        assert vault.leases.take(grant.id, "you", 60_000) is None
        assert vault.leases.store_refresh(lease, found.token_version, tokens("next"))
        later = vault.leases.take_with_tokens(grant.id, "you", 60_000)
        assert later is not None
        assert later[0].fence > lease.fence
        assert later[2] == tokens("next")
        assert vault.leases.take_with_tokens(1, "me", 60_000) is None

    def test_scopes_stay_where_a_refresh_names_none(self, vault: Vault, user: int) -> None:
        """What was granted is known until Amazon says something else, be it that nothing is."""
        grant = store(vault, user)
        seen = []
        for version, scopes in enumerate([("a", "b"), None, ()]):
            lease = vault.leases.take(grant.id, "me", 60_000)
            assert lease is not None
            assert vault.leases.store_refresh(lease, version, tokens("next", scopes=scopes))
            seen.append(vault.grants.get(grant.id).granted_scopes)  # type: ignore[union-attr]
        assert seen == [("a", "b"), ("a", "b"), ()]

    def test_nothing_is_found_where_there_is_nothing(self, vault: Vault, user: int) -> None:
        """Ids that nobody has give None or an empty list, also at the edge of 64 bits."""
        assert vault.grants.get(1) is None
        assert vault.grants.tokens(2**63 - 1) is None
        assert vault.grants.account(user, 2**63 - 1) is None
        assert vault.grants.accounts_covering(user, 2**63 - 1) == []
        assert vault.leases.take(1, "me", 1000) is None


class TestSitesOfStores:
    """What Amazon listed of a store's sites; one row a store."""

    SITES = (Site("ATVPDKIKX0DER", "US", "Amazon.com", "北极光 ☕", True), Site("A2", "CA", "C", None, False))

    def test_what_is_kept_comes_back(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """The last list counts, an empty one too; a store that was never asked for is left out."""
        one, two, three = (store(vault, user, seller_id) for seller_id in ("A1", "A2", "A3"))
        vault.store_sites.keep(one.id, self.SITES)
        vault.store_sites.keep(two.id, self.SITES)
        first = int(clock.now())
        clock.step(60)
        vault.store_sites.keep(two.id, ())
        assert vault.store_sites.of([one, two, three]) == {
            one.id: (self.SITES, first),
            two.id: ((), first + 60),
        }
        assert vault.store_sites.of([]) == {}

    def test_a_removed_store_has_none(self, vault: Vault, user: int) -> None:
        """They go with it, and a look that ends later brings none."""
        grant = store(vault, user)
        vault.store_sites.keep(grant.id, self.SITES)
        vault.grants.remove_store(user, "A1", "NA")
        assert vault.store_sites.of([grant]) == {}
        vault.store_sites.keep(grant.id, self.SITES)
        assert vault.store_sites.of([grant]) == {}

    def test_many_stores_are_looked_for(
        self, vault: Vault, user: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In more than one statement."""
        monkeypatch.setattr(store_sites_room, "BATCH", 2)
        stores = [store(vault, user, f"A{number}") for number in range(5)]
        for grant in stores:
            vault.store_sites.keep(grant.id, self.SITES)
        assert set(vault.store_sites.of(stores)) == {grant.id for grant in stores}

    def test_stores_of_a_seller_or_a_region(self, vault: Vault, user: int) -> None:
        """A list of them alone, with how many they are."""
        for seller_id, region in (("A1", "NA"), ("A1", "EU"), ("A2", "EU")):
            store(vault, user, seller_id, region=region)

        def found(*which: Any) -> list[tuple[str | None, str]]:
            grants, total = vault.lists.stores(user, Page(), *which)
            assert total == len(grants)
            return [(grant.seller_id, grant.region) for grant in grants]

        assert found("A1") == [("A1", "EU"), ("A1", "NA")]
        assert found(None, "EU") == [("A1", "EU"), ("A2", "EU")]
        assert found("A2", "EU") == [("A2", "EU")]
        assert found("A2", "NA") == []


class TestLeases:
    """One refresher at a time, and nobody who was paused can overwrite newer tokens."""

    def test_a_lease_is_exclusive_until_released(self, vault: Vault, user: int) -> None:
        """While one has the lease, nobody else gets it; afterwards the next fence is higher."""
        grant = store(vault, user)
        lease = vault.leases.take(grant.id, "me", 60_000)
        assert lease is not None
        assert vault.leases.take(grant.id, "you", 60_000) is None
        vault.leases.release(lease)
        later = vault.leases.take(grant.id, "you", 60_000)
        assert later is not None
        assert later.fence > lease.fence

    def test_of_many_at_once_one_gets_the_lease(self, vault: Vault, user: int) -> None:
        """However many ask at the same moment, one gets it."""
        grant = store(vault, user)
        leases = together(8, lambda n: vault.leases.take(grant.id, f"worker {n}", 60_000))
        assert sorted(lease is None for lease in leases) == [False] + [True] * 7

    def test_an_expired_lease_can_be_taken_over(self, vault: Vault, user: int) -> None:
        """Whoever was paused past the lease can neither renew it nor store, once somebody else has it."""
        grant = store(vault, user)
        paused = vault.leases.take(grant.id, "paused", -1)
        assert paused is not None
        taken = vault.leases.take(grant.id, "other", 60_000)
        assert taken is not None
        assert not vault.leases.renew(paused, 60_000)
        assert not vault.leases.store_refresh(paused, grant.token_version, tokens("stale"))
        vault.leases.release(paused)
        assert vault.leases.store_refresh(taken, grant.token_version, tokens("fresh"))
        assert vault.grants.tokens(grant.id) == tokens("fresh")

    def test_a_refusal_is_doubted_for_a_lease_after_one_was_taken_over(self, vault: Vault, user: int) -> None:
        """Of whoever takes it in that time; one that was given back leaves no doubt."""
        grant = store(vault, user)
        first = vault.leases.take(grant.id, "first", 60_000)
        assert first is not None
        assert not first.refusals_doubted
        vault.leases.release(first)
        second = vault.leases.take(grant.id, "second", -1)
        assert second is not None
        assert not second.refusals_doubted
        third = vault.leases.take(grant.id, "third", 50_000)
        assert third is not None
        assert 40 < third.refusals_doubted <= 50
        vault.leases.release(third)
        leased = vault.leases.take_with_tokens(grant.id, "fourth", 60_000)
        assert leased is not None
        assert 40 < leased[0].refusals_doubted <= 50
        with vault.database.writing() as connection:
            connection.execute(text("UPDATE grants SET refusals_doubted_ms = refusals_doubted_ms + 28800000"))
        vault.leases.release(leased[0])
        fifth = vault.leases.take(grant.id, "fifth", 60_000)
        assert fifth is not None
        assert not fifth.refusals_doubted

    def test_a_renewed_lease_holds(self, vault: Vault, user: int) -> None:
        """Renewing makes an expired lease valid again, as long as nobody took it."""
        grant = store(vault, user)
        lease = vault.leases.take(grant.id, "me", -1)
        assert lease is not None
        assert vault.leases.renew(lease, 60_000)
        assert vault.leases.take(grant.id, "you", 60_000) is None

    def test_the_lease_goes_by_the_database_s_clock(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """A process whose own clock is a day ahead does not take over a lease that is still valid."""
        grant = store(vault, user)
        assert vault.leases.take(grant.id, "me", 60_000) is not None
        clock.step(86_400)
        assert vault.leases.take(grant.id, "you", 60_000) is None

    def test_storing_ends_the_lease_and_raises_the_version(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """After a refresh the grant is healthy, newer, and free."""
        grant = store(vault, user)
        vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
        lease = vault.leases.take(grant.id, "me", 60_000)
        assert lease is not None
        clock.step(5)
        assert vault.leases.store_refresh(lease, grant.token_version, tokens("fresh", scopes=("s",)))
        stored = vault.grants.get(grant.id)
        assert stored is not None
        assert (stored.status, stored.status_reason) == ("authorized", None)
        assert (stored.refreshed_at, stored.token_version) == (int(clock.now()), grant.token_version + 1)
        assert stored.granted_scopes == ("s",)
        assert vault.leases.take(grant.id, "next", 60_000) is not None

    def test_scopes_stay_where_the_answer_names_none(self, vault: Vault, user: int) -> None:
        """A refresh that says nothing of scopes leaves the granted ones as they were."""
        grant = vault.authorizations.authorize(consumed(vault, user), "A1", tokens(scopes=("a",)), None)
        lease = vault.leases.take(grant.id, "me", 60_000)
        assert lease is not None
        vault.leases.store_refresh(lease, grant.token_version, tokens("fresh"))
        assert vault.grants.get(grant.id).granted_scopes == ("a",)  # type: ignore[union-attr]

    def test_authorizing_again_fences_off_a_refresh_under_way(self, vault: Vault, user: int) -> None:
        """The old authorization's refresh cannot overwrite the new tokens, nor condemn them."""
        old = store(vault, user)
        lease = vault.leases.take(old.id, "me", 60_000)
        assert lease is not None
        new = store(vault, user, label="second")
        assert not vault.leases.store_refresh(lease, old.token_version, tokens("stale"))
        assert not vault.leases.store_refresh(lease, new.token_version, tokens("stale"))
        assert not vault.grants.mark_needs_reauthorization(old.id, old.token_version, "store_revoked")
        assert vault.grants.tokens(old.id) == tokens("second")
        assert vault.grants.get(old.id).status == "authorized"  # type: ignore[union-attr]

    def test_a_made_up_lease_is_worth_nothing(self, vault: Vault, user: int) -> None:
        """The fence alone, or the owner alone, stores nothing."""
        grant = store(vault, user)
        lease = vault.leases.take(grant.id, "me", 60_000)
        assert lease is not None
        for forged in (Lease(grant.id, "you", lease.fence), Lease(grant.id, "me", lease.fence - 1)):
            assert not vault.leases.store_refresh(forged, grant.token_version, tokens("forged"))

    def test_an_answer_to_other_tokens_is_not_stored(self, vault: Vault, user: int) -> None:
        """A good lease is not enough: what is stored replaces the tokens that were seen, and no others."""
        grant = store(vault, user)
        for version in (grant.token_version - 1, grant.token_version + 1):
            lease = vault.leases.take(grant.id, "me", 60_000)
            assert lease is not None
            assert not vault.leases.store_refresh(lease, version, tokens("stale"))
            vault.leases.release(lease)
        assert vault.grants.tokens(grant.id) == tokens()


class TestUnreadProfiles:
    """What ads accounts lack of their profiles, and whose turn it is to be asked for."""

    def test_an_account_lacks_everything_until_it_was_read(self, vault: Vault, user: int) -> None:
        """From the moment that it is kept; a store has no profiles to lack."""
        grant = account(vault, user)
        unread = vault.unread_profiles.of_grant(grant.id)
        assert unread is not None
        assert unread.regions == ("NA", "EU", "FE")
        assert vault.unread_profiles.of_grant(store(vault, user).id) is None
        vault.profiles.replace(grant.id, [], UnreadProfiles(grant.id, ("EU",), "answered 503"))
        assert vault.unread_profiles.of_user(user) == [
            (vault.grants.get(grant.id), UnreadProfiles(grant.id, ("EU",), "answered 503"))
        ]
        vault.profiles.replace(grant.id, [profile(grant.id)])
        assert vault.unread_profiles.of_grant(grant.id) is None
        assert vault.unread_profiles.of_user(user) == []

    def test_one_claims_it_when_its_time_has_come(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """However many ask; each time the pause is longer."""
        grant = account(vault, user)
        assert vault.unread_profiles.claim_due() is None
        for pause in (AGAIN.pause(0), AGAIN.pause(1), AGAIN.pause(2)):
            clock.step(pause - 1)
            assert vault.unread_profiles.claim_due() is None
            clock.step(1)
            claims = together(4, lambda _: vault.unread_profiles.claim_due())
            assert sorted(claims, key=str) == [grant.id, None, None, None]
            vault.profiles.replace(grant.id, [], UnreadProfiles(grant.id, ("EU",), "still"))

    def test_a_time_that_a_wrong_clock_has_set_holds_nothing_up(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """One that is further ahead than any pause."""
        clock.step(3 * AGAIN.longest)
        grant = account(vault, user)
        clock.step(-3 * AGAIN.longest)
        assert vault.unread_profiles.claim_due() == grant.id

    def test_what_amazon_no_longer_accepts_is_not_asked_for(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """Nor what is gone."""
        revoked, removed = account(vault, user, "One"), account(vault, user, "Two")
        vault.grants.mark_needs_reauthorization(revoked.id, revoked.token_version, "store_revoked")
        vault.grants.remove_account(user, removed.id)
        clock.step(AGAIN.longest)
        assert vault.unread_profiles.claim_due() is None


class TestProfiles:
    """The profiles that the ads accounts cover."""

    def test_a_sync_replaces_what_was_there(self, vault: Vault, user: int) -> None:
        """Only what the last sync found is left, to the last bit of a 64-bit id."""
        grant = account(vault, user)
        vault.profiles.replace(grant.id, [profile(grant.id, 1), profile(grant.id, 2)])
        vault.profiles.replace(grant.id, [profile(grant.id, 2**63 - 1)])
        assert vault.profiles.of_grant(grant.id) == [profile(grant.id, 2**63 - 1)]
        vault.profiles.replace(grant.id, [])
        assert vault.profiles.of_grant(grant.id) == []

    def test_what_ended_behind_others_is_found(self, vault: Vault, user: int, clock: SteppingClock) -> None:
        """Ended accounts whose profiles others stand for, each; neither healthy ones nor those of a row."""
        older = account(vault, user, "Older")
        clock.step(60)
        newer = account(vault, user, "Newer")
        for grant in (older, newer):
            vault.profiles.replace(grant.id, [profile(grant.id, 7)])

        def covered() -> list[str]:
            return [grant.name for grant in vault.lists.covered_accounts(user)]

        assert covered() == []
        vault.grants.mark_needs_reauthorization(newer.id, newer.token_version, "store_revoked")
        assert covered() == ["Newer"]
        vault.grants.mark_needs_reauthorization(older.id, older.token_version, "store_revoked")
        assert covered() == ["Older"]
        vault.profiles.replace(older.id, [profile(older.id, 7), profile(older.id, 8)])
        assert covered() == []
        assert vault.lists.covered_accounts(vault.users.create("bob")) == []

    def test_a_removed_grant_gets_no_profiles(self, vault: Vault, user: int) -> None:
        """A sync that ends after its grant was removed changes nothing."""
        vault.profiles.replace(12345, [profile(12345)])
        assert vault.profiles.of_grant(12345) == []

    def test_the_newest_healthy_account_comes_first(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """A profile of several accounts is listed with the newest healthy one first, the others after it."""
        names = ["Old", "New", "Broken"]
        covering = []
        for name in names:
            clock.step(1)
            covering.append(account(vault, user, name))
        for grant in covering:
            vault.profiles.replace(grant.id, [profile(grant.id, 7)])
        vault.grants.mark_needs_reauthorization(covering[2].id, 0, "store_revoked")
        expected = ["New", "Old", "Broken"]
        assert [grant.name for _, grant in vault.profiles.of_user(user)] == expected
        assert [grant.name for grant in vault.grants.accounts_covering(user, 7)] == expected
        assert vault.grants.accounts_covering(vault.users.create("eve"), 7) == []


class TestTokenReader:
    """The hot read answers the same as the slow way, and only to the owner of a grant."""

    @pytest.fixture
    def key(self, vault: Vault, user: int) -> str:
        """The user's API key."""
        return vault.users.issue_key("ann")[1].reveal()

    def test_a_store_is_read_in_one_go(self, vault: Vault, user: int, key: str) -> None:
        """Caller, grant and tokens are what the single questions answer."""
        grant = vault.authorizations.authorize(
            consumed(vault, user), "A1", tokens(scopes=("s",)), 1_900_000_000
        )
        vault.grants.set_verified(grant.id, True)
        read = asyncio.run(vault.reader.by_store(key, "A1", "NA"))
        assert read is not None
        assert read.caller == vault.users.authenticate(key)
        assert read.grant == vault.grants.get(grant.id)
        assert read.tokens == vault.grants.tokens(grant.id)

    def test_an_account_is_read_by_id_and_by_profile(self, vault: Vault, user: int, key: str) -> None:
        """Both ways lead to the same account; an id of the other flow to none."""
        grant = account(vault, user)
        vault.profiles.replace(grant.id, [profile(grant.id, 2**63 - 1)])
        by_id = asyncio.run(vault.reader.by_record(key, "ads", grant.id))
        assert by_id is not None
        assert by_id.grant == grant
        assert asyncio.run(vault.reader.by_profile(key, 2**63 - 1)) == by_id
        other_flow = asyncio.run(vault.reader.by_record(key, "spapi", grant.id))
        assert other_flow is not None
        assert other_flow.grant is None

    def test_a_profile_is_read_through_the_newest_healthy_account(
        self, vault: Vault, user: int, key: str, clock: SteppingClock
    ) -> None:
        """Of several accounts that cover a profile, one is answered: the newest that works."""
        first = account(vault, user, "First")
        clock.step(1)
        second = account(vault, user, "Second")
        for grant in (first, second):
            vault.profiles.replace(grant.id, [profile(grant.id, 7)])
        assert asyncio.run(vault.reader.by_profile(key, 7)).grant.id == second.id  # type: ignore[union-attr]
        vault.grants.mark_needs_reauthorization(second.id, 0, "store_revoked")
        assert asyncio.run(vault.reader.by_profile(key, 7)).grant.id == first.id  # type: ignore[union-attr]

    def test_what_is_not_the_caller_s_does_not_exist(self, vault: Vault, user: int) -> None:
        """Another user's key finds neither store, nor account, nor profile."""
        store(vault, user)
        grant = account(vault, user)
        vault.profiles.replace(grant.id, [profile(grant.id, 7)])
        vault.users.create("eve")
        key = vault.users.issue_key("eve")[1].reveal()
        for read in (
            asyncio.run(vault.reader.by_store(key, "A1", "NA")),
            asyncio.run(vault.reader.by_record(key, "ads", grant.id)),
            asyncio.run(vault.reader.by_profile(key, 7)),
        ):
            assert read is not None
            assert (read.caller.user_name, read.grant, read.tokens) == ("eve", None, None)

    def test_a_grant_is_read_by_the_id_of_a_key(self, vault: Vault, user: int) -> None:
        """As by the key itself, as long as that works; of another user's grant there is nothing."""
        key_id, key = vault.users.issue_key("ann")
        grant = store(vault, user)
        by_key = asyncio.run(vault.reader.by_store(key.reveal(), "A1", "NA"))
        assert by_key is not None
        assert by_key.grant == grant
        assert asyncio.run(vault.reader.by_key_id(key_id, grant.id)) == by_key
        assert asyncio.run(vault.reader.by_key_id(key_id, grant.id + 1)) == (by_key.caller, None, None)
        eve = store(vault, vault.users.create("eve"))
        assert asyncio.run(vault.reader.by_key_id(key_id, eve.id)) == (by_key.caller, None, None)
        vault.users.revoke_key(key_id)
        assert asyncio.run(vault.reader.by_key_id(key_id, grant.id)) is None
        assert asyncio.run(vault.reader.by_key_id("none", grant.id)) is None

    def test_a_store_is_read_for_who_is_known(self, vault: Vault, user: int) -> None:
        """As by the key itself, also one of India, which is kept under another region."""
        key_id, key = vault.users.issue_key("ann")
        store(vault, user)
        store(vault, user, "A2", region="EU", marketplace="IN")
        caller = asyncio.run(vault.reader.caller(key.reveal()))
        assert caller is not None
        for seller_id, region, kept in (("A1", "NA", "NA"), ("A1", "FE", None), ("A2", "FE", "EU")):
            by_key = asyncio.run(vault.reader.by_store(key.reveal(), seller_id, region))  # type: ignore[arg-type]
            assert by_key is not None
            assert (by_key.grant and by_key.grant.region) == kept
            assert asyncio.run(vault.reader.store_of(caller, seller_id, region)) == by_key  # type: ignore[arg-type]
        vault.users.revoke_key(key_id)
        assert asyncio.run(vault.reader.store_of(caller, "A1", "NA")) is None

    def test_a_refresh_elsewhere_is_seen_at_once(
        self, vault: Vault, user: int, key: str, open_another: Callable[[], Vault]
    ) -> None:
        """The reader keeps no snapshot: what another process stores is what the next read answers."""
        grant = store(vault, user)
        assert asyncio.run(vault.reader.by_store(key, "A1", "NA")).tokens == tokens()  # type: ignore[union-attr]
        other = open_another()
        lease = other.leases.take(grant.id, "other", 60_000)
        assert lease is not None
        other.leases.store_refresh(lease, grant.token_version, tokens("fresh"))
        assert asyncio.run(vault.reader.by_store(key, "A1", "NA")).tokens == tokens("fresh")  # type: ignore[union-attr]


class TestCovering:
    """Which of a user's accounts cover a profile."""

    def test_one_profile_with_its_accounts_the_newest_healthy_first(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """Only this profile and only this user's: others' and unknown ones bring nothing."""
        old = account(vault, user, "Old")
        clock.step(10)
        new = account(vault, user, "New")
        for grant in (old, new):
            vault.profiles.replace(grant.id, [profile(grant.id, 7), profile(grant.id, 8)])
        pairs = vault.profiles.covering(user, 7)
        assert [(found.profile_id, grant.id) for found, grant in pairs] == [(7, new.id), (7, old.id)]
        vault.grants.mark_needs_reauthorization(new.id, new.token_version, "store_revoked")
        assert [grant.id for _, grant in vault.profiles.covering(user, 7)] == [old.id, new.id]
        assert vault.profiles.covering(user, 9) == []
        assert vault.profiles.covering(vault.users.create("eve"), 7) == []


def test_the_database_tells_what_time_it_is(vault: Vault) -> None:
    """In seconds, as this machine, which it runs on, has it."""
    before = time.time()
    assert before - 1 < vault.database.clock() < time.time() + 1


def grant_of(vault: Vault, user: int, flow: Flow, access_token: Secret) -> Grant | None:
    """What a vault says a token was issued for."""
    return asyncio.run(vault.reader.grant_of(user, flow, access_token))


class TestIssuedTokens:
    """Which tokens a user was handed, proved without keeping them."""

    def test_a_stored_token_is_known_for_its_owner_alone(self, vault: Vault, user: int) -> None:
        """The token of an authorization leads to its grant: for its user and flow, and no other token."""
        grant = store(vault, user)
        eve = vault.users.create("eve")
        given = tokens().access_token
        assert grant_of(vault, user, "spapi", given) == vault.grants.get(grant.id)
        assert grant_of(vault, eve, "spapi", given) is None
        assert grant_of(vault, user, "ads", given) is None
        for other in (
            given.reveal()[:-1],
            given.reveal() + "a",
            "",
            "Atza|\ud800",
            tokens().refresh_token.reveal(),
        ):
            assert grant_of(vault, user, "spapi", Secret(other)) is None

    def test_one_from_before_a_refresh_counts_until_it_expires(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """A refresh adds the new token and leaves the old one its time; afterwards neither is known."""
        grant = store(vault, user)
        lease = vault.leases.take(grant.id, "me", 60_000)
        assert lease is not None
        assert vault.leases.store_refresh(lease, grant.token_version, tokens("second"))
        old, new = tokens().access_token, tokens("second").access_token
        assert grant_of(vault, user, "spapi", old) is not None
        assert grant_of(vault, user, "spapi", new) is not None
        clock.time = tokens().expires_at
        assert grant_of(vault, user, "spapi", old) is None
        assert grant_of(vault, user, "spapi", new) is None

    def test_a_refresh_that_was_not_stored_hands_nothing_out(self, vault: Vault, user: int) -> None:
        """Whoever lost the lease has nothing to show for it."""
        grant = store(vault, user)
        assert not vault.leases.store_refresh(Lease(grant.id, "late", 1), 0, tokens("lost"))
        assert grant_of(vault, user, "spapi", tokens("lost").access_token) is None

    def test_the_same_token_twice_is_no_error(self, vault: Vault, user: int) -> None:
        """Amazon may answer a token that it answered before."""
        store(vault, user)
        grant = store(vault, user)
        found = grant_of(vault, user, "spapi", tokens().access_token)
        assert found is not None
        assert found.id == grant.id

    def test_no_token_is_kept_and_expired_ones_go(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """The table holds no part of a token, and what has expired leaves it with the next store."""
        store(vault, user)
        with vault.database.reading() as connection:
            (row,) = connection.execute(select(handed_out)).all()
        assert tokens().access_token.reveal() not in str(tuple(row))
        clock.time = tokens().expires_at + 1
        later = tokens("later")
        later = type(later)(later.access_token, later.refresh_token, "bearer", int(clock.time) + 3600)
        vault.authorizations.authorize(consumed(vault, user), "A1", later, None)
        with vault.database.reading() as connection:
            (left,) = connection.execute(select(handed_out)).all()
        assert left.expires_at == int(clock.time) + 3600

    def test_however_many_expired_they_go(
        self, vault: Vault, user: int, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A bounded number with each store, until none is left; one that expires meanwhile goes later."""
        monkeypatch.setattr(issued_tokens_room, "PURGED_AT_ONCE", 2)
        for number in range(5):
            store(vault, user, f"A{number}", f"label{number}")
        clock.time = tokens().expires_at + 1
        left = []
        for number in range(5):
            fresh = tokens(f"fresh{number}")._replace(expires_at=int(clock.time) + 3600)
            vault.authorizations.authorize(consumed(vault, user), f"B{number}", fresh, None)
            with vault.database.reading() as connection:
                expired = select(func.count()).where(handed_out.c.expires_at <= int(clock.time))
                left.append(connection.execute(expired).scalar())
        assert left == [3, 1, 0, 0, 0]

    def test_the_same_token_counts_until_its_later_end(
        self, vault: Vault, user: int, clock: SteppingClock
    ) -> None:
        """A token that Amazon answered again, with more time left, is known for that time."""
        store(vault, user)
        longer = tokens()._replace(expires_at=tokens().expires_at + 600)
        vault.authorizations.authorize(consumed(vault, user), "A1", longer, None)
        clock.time = tokens().expires_at + 1
        assert grant_of(vault, user, "spapi", tokens().access_token) is not None
        with vault.database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(handed_out)).scalar() == 1

    def test_every_process_knows_them(
        self, vault: Vault, user: int, open_another: Callable[[], Vault]
    ) -> None:
        """The key of the HMACs belongs to the vault, not to the process."""
        store(vault, user)
        assert grant_of(open_another(), user, "spapi", tokens().access_token) is not None

    def test_tokens_go_with_their_grant(self, vault: Vault, user: int) -> None:
        """What was removed leaves no token that still opens it."""
        grant = store(vault, user)
        with vault.database.writing() as connection:
            connection.execute(delete(grants).where(grants.c.id == grant.id))
        with vault.database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(handed_out)).scalar() == 0

    def test_a_vault_from_before_learns_the_tokens_it_holds(
        self, vault: Vault, user: int, open_another: Callable[[], Vault]
    ) -> None:
        """An upgrade of a vault with stores leaves nobody with a token that is not believed.

        Nor is anybody notified afterwards of links that had ended before.
        """
        store(vault, user)
        ended, _ = vault.attempts.begin(new_attempt(user))
        with vault.database.writing() as connection:
            connection.execute(update(attempts).where(attempts.c.id == ended).values(expires_at=1))
            connection.execute(text("DROP TABLE handed_out"))
            connection.execute(text("DROP TABLE audit"))
            connection.execute(text("DROP TABLE sessions"))
            connection.execute(text("DROP TABLE authorization_codes"))
            connection.execute(text("DROP TABLE unread_profiles"))
            connection.execute(text("DROP TABLE seals"))
            connection.execute(text("DROP TABLE store_sites"))
            connection.execute(text("DROP TABLE call_buckets"))
            connection.execute(text("DROP TABLE purpose_tokens"))
            connection.execute(text("DROP TABLE applications"))
            connection.execute(text("DROP TABLE refused_calls"))
            for column in (
                *("attempts.central", "attempts.consumer", "grants.central", "grants.marketplace"),
                *("attempts.known_before", "attempts.previous_name", "attempts.got_seller_id"),
                *("attempts.return_url", "attempts.external_id", "attempts.replaces", "grants.external_id"),
                *("api_keys.label", "grants.return_url"),
            ):
                table, _, name = column.partition(".")
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
            connection.execute(text("DROP TABLE outbox"))
            for index in ("grants_by_refresh", "grants_by_last_refresh", "ix_attempts_grant_id"):
                connection.execute(text(f"DROP INDEX {index}"))
            for column in (
                "refresh_from",
                "refresh_claimed_ms",
                "ending_told",
                "authorized_version",
                "refusals_doubted_ms",
            ):
                connection.execute(text(f"ALTER TABLE grants DROP COLUMN {column}"))
            connection.execute(text("ALTER TABLE users DROP COLUMN forced_refreshes_ms"))
            connection.execute(text("ALTER TABLE users DROP COLUMN changes"))
            connection.execute(text("DELETE FROM vault_facts WHERE name = 'handed_out_key'"))
            connection.execute(text("UPDATE tables_version SET version_num = '0001'"))
        again = open_another()
        assert grant_of(again, user, "spapi", tokens().access_token) is not None
        late = again.attempts.get(ended)
        assert late is not None
        assert (late.phase, late.ended_at) == ("expired", 1)


class TestTransactions:
    """What is left after a failure, and what stands in the rows."""

    def test_a_failed_transaction_leaves_nothing(self, vault: Vault, user: int) -> None:
        """An error in the middle takes back what came before it."""

        def remove_and_fail() -> None:
            with vault.database.writing() as connection:
                connection.execute(text("DELETE FROM users"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            remove_and_fail()
        with vault.database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 1

    def test_tokens_stand_nowhere_in_the_clear(self, vault: Vault, user: int) -> None:
        """No column of any grant holds a token or a part of one."""
        store(vault, user)
        with vault.database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(grants)).scalar() == 1
            row = connection.execute(select(grants)).one()
        values = [
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row
        ]
        assert not any(b"Atz" in value for value in values)

    def test_errors_of_the_database_show_no_values(self, vault: Vault, user: int) -> None:
        """A broken statement's message does not carry what was to be written."""
        from sqlalchemy import insert
        from sqlalchemy.exc import DBAPIError

        values = {"id": "k", "user_id": 999, "key_sha256": "canary-value", "rights": "", "created_at": 1}
        with pytest.raises(DBAPIError) as refused, vault.database.writing() as connection:
            connection.execute(insert(api_keys).values(**values))
        assert "canary-value" not in str(refused.value)

    def test_a_secret_of_any_text_survives(self, vault: Vault, user: int) -> None:
        """Tokens of 5,000 characters and of any characters come back as they went in."""
        odd = tokens()
        odd = type(odd)(Secret("Atza|" + "x" * 5000), Secret("Atzr|☕\n\0é"), "bearer", 1_800_003_600)
        grant = vault.authorizations.authorize(consumed(vault, user), "A1", odd, None)
        assert vault.grants.tokens(grant.id) == odd
