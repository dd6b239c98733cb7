"""Notices: written with the change, once, and sent by one replica at a time; on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.model import Customer, Import
from gateway.settings.settings import Settings
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from gateway.vault.applications import AppKey
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import account, consumed, new_attempt, store, tokens

APP = AppKey("spapi", "client", "print")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with a webhook."""
    return replace(settings, webhook=Webhook("http://127.0.0.1:1/hook", Secret("s" * 32)))


@pytest.fixture
def user(vault: Vault) -> int:
    """A user's id."""
    return vault.users.create("ann")


def events(vault: Vault) -> list[dict[str, object]]:
    """Take all notices that are due, and return their bodies."""
    return [json.loads(notice.body) for notice in vault.outbox.claim(100, 60_000)]


def test_a_store_that_needs_its_owner_is_told_once(vault: Vault, user: int) -> None:
    """The notice names the store by the contract's fields; a second mark tells nothing new."""
    grant = store(vault, user)
    events(vault)
    assert vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
    assert not vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
    (event,) = events(vault)
    assert event["event"] == "needs_reauthorization"
    assert event["reason"] == "store_revoked"
    assert event["user"] == "ann"
    assert event["store"] == {
        "sellerId": "A1",
        "sellerName": "My Store",
        "region": "NA",
        "authRecordId": grant.id,
    }


def test_an_account_is_named_as_one(vault: Vault, user: int) -> None:
    """An ads account has no seller id."""
    grant = account(vault, user)
    events(vault)
    vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
    (event,) = events(vault)
    assert event["account"] == {"accountName": "Brand", "region": "NA", "authRecordId": grant.id}


CUSTOMER = Customer("https://app.example/back", "customer-18")


def test_each_end_of_an_attempt_is_told(vault: Vault, user: int, clock: SteppingClock) -> None:
    """Once, with whose attempt it was."""
    granted = consumed(vault, user, customer=CUSTOMER)
    vault.authorizations.authorize(granted, "A1", tokens(), None)
    again = consumed(vault, user, name="Renamed")
    vault.authorizations.authorize(again, "A1", tokens("2"), None)
    denied, failed = consumed(vault, user, "ads", "Brand", customer=CUSTOMER), consumed(vault, user)
    vault.attempts.finish(denied.id, "denied", "access_denied")
    vault.attempts.finish(failed.id, "failed", "code_refused")
    vault.attempts.finish(failed.id, "failed", "code_refused")
    late, _ = vault.attempts.begin(new_attempt(user, customer=CUSTOMER))
    clock.step(900)
    vault.attempts.settle_expired()
    vault.attempts.settle_expired()
    told = {event["event"]: event for event in events(vault)}
    assert told.keys() == {"authorized", "reauthorized", "denied", "failed", "expired"}
    assert all(event["type"] == event["event"] and event["user"] == "ann" for event in told.values())
    customer = {"externalId": "customer-18", "returnUrl": "https://app.example/back"}
    assert (
        told["authorized"].items()
        >= {"authorizationId": granted.id, "alreadyKnown": False, **customer}.items()
    )
    assert told["authorized"]["store"]["sellerId"] == "A1"  # type: ignore[index]
    assert (
        told["reauthorized"].items()
        >= {
            "authorizationId": again.id,
            "alreadyKnown": True,
            "previousName": "My Store",
            "externalId": "customer-18",
        }.items()
    )
    assert (
        told["denied"].items()
        >= {
            "authorizationId": denied.id,
            "reason": "access_denied",
            "account": {"accountName": "Brand", "region": "NA"},
            **customer,
        }.items()
    )
    assert told["failed"]["reason"] == "code_refused"
    assert "externalId" not in told["failed"]
    assert told["expired"].items() >= {"authorizationId": late, "reason": "expired", **customer}.items()


def test_a_repeated_answer_tells_nothing_again(vault: Vault, user: int) -> None:
    """The database took what it could not answer any more."""
    attempt = consumed(vault, user)
    for _ in range(2):
        vault.authorizations.authorize(attempt, "A1", tokens(), None)
    assert [event["event"] for event in events(vault)] == ["authorized"]


def test_a_removal_is_told(vault: Vault, user: int) -> None:
    """With the customer whose it was, and where that came from."""
    grant = store(vault, user, customer=CUSTOMER)
    events(vault)
    vault.grants.remove_store(user, "A1", "NA")
    assert vault.grants.remove_store(user, "A1", "NA") is None
    (event,) = events(vault)
    assert (event["event"], event["externalId"]) == ("removed", "customer-18")
    assert event["returnUrl"] == "https://app.example/back"
    assert event["store"]["authRecordId"] == grant.id  # type: ignore[index]


def test_what_moves_is_told_with_its_new_region(vault: Vault, user: int) -> None:
    """Under the attempt that had told the old one."""
    attempt = consumed(vault, user)
    grant = vault.authorizations.authorize(attempt, "A1", tokens(), None)
    events(vault)
    vault.authorizations.move(replace(attempt, region="EU"), grant, tokens())
    (event,) = events(vault)
    assert (event["event"], event["authorizationId"]) == ("authorized", attempt.id)
    assert event["store"]["region"] == "EU"  # type: ignore[index]


def test_what_works_again_without_a_consent_is_told(vault: Vault, user: int) -> None:
    """By a refresh whose answer was stored late, by an import, and where the application was at fault."""
    grant = store(vault, user)
    lease = vault.leases.take(grant.id, "w", 60_000)
    assert lease is not None
    vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
    events(vault)
    assert vault.leases.store_refresh(lease, grant.token_version, tokens("2"))
    assert [event["event"] for event in events(vault)] == ["recovered"]
    vault.grants.mark_needs_reauthorization(grant.id, grant.token_version + 1, "store_revoked")
    events(vault)
    wanted = Import(user, "spapi", "app", "NA", "Mine", "A1")
    vault.authorizations.import_tokens(wanted, tokens("3"))
    (event,) = events(vault)
    assert (event["event"], event["store"]["sellerId"]) == ("recovered", "A1")  # type: ignore[index]


def test_stores_that_only_seemed_another_client_s_are_told_to_work_again(vault: Vault, user: int) -> None:
    """Those alone of which the contrary was told."""
    first, second = store(vault, user), store(vault, user, "A2")
    for grant in (first, second):
        lease = vault.leases.take(grant.id, "w", 60_000)
        assert lease is not None
        vault.leases.store_refresh(lease, grant.token_version, tokens(f"{grant.id}"))
    events(vault)
    verdicts = [vault.foreign_grants.judge(one.id, 1, "grant_of_another_client") for one in (first, second)]
    assert verdicts == ["one", "all"]
    told = sorted((str(event["event"]), event["store"]["sellerId"]) for event in events(vault))  # type: ignore[index]
    assert told == [("needs_reauthorization", "A1"), ("recovered", "A1")]


def test_a_change_that_is_taken_back_tells_nothing(vault: Vault) -> None:
    """The notice belongs to the transaction of its change."""

    def fail() -> None:
        with vault.database.writing() as connection:
            vault.outbox.add(connection, "app_recovered", application="spapi")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert events(vault) == []


def test_an_application_is_told_of_when_it_falls_and_when_it_recovers(vault: Vault) -> None:
    """Once each, however often it fails in between."""
    vault.applications.suspend(APP, "invalid_client")
    vault.applications.suspend(APP, "invalid_client")
    vault.applications.recover(APP)
    vault.applications.recover(APP)
    assert sorted(str(event["event"]) for event in events(vault)) == ["app_recovered", "suspended_app"]


def test_one_replica_sends_a_notice(vault: Vault, user: int, open_another: Callable[[], Vault]) -> None:
    """What one has claimed, another does not get; after the claim has ended it does."""
    other = open_another()
    vault.applications.suspend(APP, "invalid_client")
    (notice,) = vault.outbox.claim(10, 60_000)
    assert other.outbox.claim(10, 60_000) == []
    vault.outbox.again(notice, 0)
    (again,) = other.outbox.claim(10, 0)
    assert (again.id, again.tries) == (notice.id, 1)
    (third,) = vault.outbox.claim(10, 60_000)
    assert third.id == notice.id


def test_a_pause_is_kept(vault: Vault, clock: SteppingClock) -> None:
    """A notice that failed is due again after its pause, and not before."""
    vault.applications.suspend(APP, "invalid_client")
    (notice,) = vault.outbox.claim(10, 60_000)
    vault.outbox.again(notice, 30)
    clock.step(29)
    assert vault.outbox.claim(10, 60_000) == []
    clock.step(1)
    assert [one.id for one in vault.outbox.claim(10, 60_000)] == [notice.id]


def test_what_has_ended_does_not_wait(vault: Vault, clock: SteppingClock) -> None:
    """Delivered and given up notices are not sent again, and go after a month."""
    vault.applications.suspend(APP, "invalid_client")
    vault.applications.recover(APP)
    first, second = vault.outbox.claim(10, 0)
    assert vault.outbox.waiting() == 2
    vault.outbox.delivered(first)
    vault.outbox.given_up(second)
    assert vault.outbox.waiting() == 0
    clock.step(86_400)
    assert vault.outbox.claim(10, 0) == []
    assert vault.outbox.forget_old() == 0
    clock.step(30 * 86_400)
    assert vault.outbox.forget_old() == 2


def test_without_a_webhook_nothing_is_kept(settings: Settings, clock: SteppingClock) -> None:
    """A vault whose notices nobody reads does not grow by them."""
    with open_vault(replace(settings, webhook=None), clock) as vault:
        vault.applications.suspend(APP, "invalid_client")
        assert vault.outbox.waiting() == 0
