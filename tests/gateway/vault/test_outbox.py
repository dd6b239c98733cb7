"""Notices: written with the change, once, and sent by one replica at a time; on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.settings.settings import Settings, Webhook
from gateway.util.secret import Secret
from gateway.vault.applications import AppKey
from gateway.vault.vault import Vault, open_vault
from tests.support.clock import SteppingClock
from tests.support.vaults import account, store

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
    vault.grants.mark_needs_reauthorization(grant.id, grant.token_version, "store_revoked")
    (event,) = events(vault)
    assert event["account"] == {"accountName": "Brand", "region": "NA", "authRecordId": grant.id}


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
