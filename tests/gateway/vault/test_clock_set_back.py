"""What was stored while the clock was hours ahead: nothing of it lasts longer than it may, on both databases.

A database's clock cannot be set here: its rows are moved ahead instead, which is the same to who reads them.
"""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text, update

from gateway.model import Grant
from gateway.settings.settings import Settings
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from gateway.vault.applications import AppKey, CircuitState
from gateway.vault.database.tables import grants
from gateway.vault.refresh_queue import MARGIN
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import store

APP = AppKey("spapi", "amzn1.client", "print-of-the-secret")
HOURS = 8 * 3600
LIFE = 3600  # of the tokens that the helpers make


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with a webhook, so that notices are written down."""
    return replace(settings, webhook=Webhook("http://127.0.0.1:1/hook", Secret("s" * 32)))


@pytest.fixture
def grant(vault: Vault) -> Grant:
    """An authorized store."""
    return store(vault, vault.users.create("ann"))


def set_back(vault: Vault, table: str, column: str) -> None:
    """Set the database's clock back by eight hours, as a row sees it that holds milliseconds."""
    with vault.database.writing() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = {column} + {HOURS * 1000}"))


def due(vault: Vault) -> list[int]:
    """Claim what is to be refreshed."""
    return vault.refresh_queue.claim(100, margin=MARGIN, unused=30 * 86_400, milliseconds=60_000)


def told(vault: Vault, app: AppKey = APP) -> set[CircuitState | None]:
    """What both ways of asking say of an application's refreshes."""
    return {vault.applications.admit(app), asyncio.run(vault.applications.state(app))}


def test_a_rest_is_over(vault: Vault) -> None:
    """Amazon may be asked, and a new failure begins a rest of its own."""
    vault.applications.cool_down(APP, "throttled", 300)
    set_back(vault, "applications", "pause_until_ms")
    assert told(vault) == {CircuitState("closed", failures=1)}
    vault.applications.cool_down(APP, "unavailable")
    assert vault.applications.admit(APP).state == "cooling"


def test_the_rest_of_an_application_keeps_nothing_from_being_due(
    vault: Vault, grant: Grant, clock: SteppingClock
) -> None:
    """Its grants are refreshed ahead again."""
    vault.applications.cool_down(APP, "throttled", 300)
    clock.step(LIFE)
    assert due(vault) == []
    set_back(vault, "applications", "pause_until_ms")
    assert due(vault) == [grant.id]


def test_a_suspended_application_may_be_probed(vault: Vault) -> None:
    """By one caller, and by another a minute after the clock was set back once more."""
    vault.applications.suspend(APP, "invalid_client")
    for _ in range(2):
        assert vault.applications.admit(APP).state == "suspended"
        set_back(vault, "applications", "pause_until_ms")
        assert asyncio.run(vault.applications.state(APP)) is None
        assert vault.applications.admit(APP).state == "half_open"


def test_a_refused_application_may_try_a_call(vault: Vault) -> None:
    """And what fails then begins a pause of its own."""
    vault.refused_calls.refuse(APP, "secret_expired")
    for _ in range(2):
        assert vault.refused_calls.admit(APP).state == "suspended"
        set_back(vault, "refused_calls", "pause_until_ms")
        assert asyncio.run(vault.refused_calls.state(APP)) is None
        assert vault.refused_calls.admit(APP).state == "half_open"
    set_back(vault, "refused_calls", "pause_until_ms")
    vault.refused_calls.refuse(APP, "secret_expired")
    assert vault.refused_calls.admit(APP).state == "suspended"


def test_a_lease_is_over(vault: Vault, grant: Grant) -> None:
    """Whoever was killed holds it no longer than any lease."""
    assert vault.leases.take(grant.id, "killed", 30_000) is not None
    set_back(vault, "grants", "lease_expires_ms")
    assert vault.leases.take(grant.id, "me", 30_000) is not None
    set_back(vault, "grants", "lease_expires_ms")
    assert vault.leases.take_with_tokens(grant.id, "you", 30_000) is not None
    assert vault.leases.take(grant.id, "me", 30_000) is None


def test_a_lease_from_an_event_loop_is_over(vault: Vault, grant: Grant) -> None:
    """As any other."""
    if vault.postgresql_leases is None:
        pytest.skip("SQLite has none")
    assert vault.leases.take(grant.id, "killed", 30_000) is not None
    set_back(vault, "grants", "lease_expires_ms")
    assert asyncio.run(vault.postgresql_leases.take_with_tokens(grant.id, "me", 30_000)) is not None


@pytest.mark.parametrize("column", ["lease_expires_ms", "refresh_claimed_ms"])
def test_a_grant_is_due_whoever_held_it(
    vault: Vault, grant: Grant, clock: SteppingClock, column: str
) -> None:
    """A refresher's claim is over, and so is a lease."""
    clock.step(LIFE)
    if column == "lease_expires_ms":
        assert vault.leases.take(grant.id, "killed", 30_000) is not None
    else:
        assert due(vault) == [grant.id]
    assert due(vault) == []
    set_back(vault, "grants", column)
    assert due(vault) == [grant.id]


def test_a_claimed_notice_is_sent(vault: Vault) -> None:
    """By another replica than the one that was killed."""
    vault.applications.suspend(APP, "invalid_client")
    (notice,) = vault.outbox.claim(10, 60_000)
    assert vault.outbox.claim(10, 60_000) == []
    set_back(vault, "outbox", "claimed_ms")
    assert vault.outbox.claim(10, 60_000) == [notice]


def test_a_notice_waits_no_longer_than_between_two_tries(vault: Vault, clock: SteppingClock) -> None:
    """One that was never tried is due at once, one that failed after the longest pause at most."""
    clock.step(HOURS)
    vault.applications.suspend(APP, "invalid_client")
    clock.step(-HOURS)
    (notice,) = vault.outbox.claim(10, 60_000)
    clock.step(HOURS)
    vault.outbox.again(notice, 15)
    assert vault.outbox.claim(10, 60_000) == []
    clock.step(-HOURS)
    assert [one.id for one in vault.outbox.claim(10, 60_000)] == [notice.id]


def test_a_session_is_over(vault: Vault, clock: SteppingClock) -> None:
    """It would last for eight hours more than it may."""
    vault.users.create("bob")
    caller = vault.users.authenticate(vault.users.issue_key("bob", ("manage",))[1].reveal())
    assert caller is not None
    session = vault.sessions.begin(caller).reveal()
    assert vault.sessions.caller(session) == caller
    clock.step(-HOURS)
    assert vault.sessions.caller(session) is None


def test_tokens_that_were_stored_ahead_are_due(vault: Vault, grant: Grant, clock: SteppingClock) -> None:
    """Nobody knows when they end; those that a machine a little ahead has stored are not."""
    clock.step(-30)
    assert due(vault) == []
    clock.step(-HOURS)
    assert due(vault) == [grant.id]


def test_a_clock_that_is_set_forward_makes_all_due_once(
    vault: Vault, grant: Grant, clock: SteppingClock
) -> None:
    """What one refresher has claimed, no other refreshes again and again."""
    clock.step(HOURS)
    assert due(vault) == [grant.id]
    assert due(vault) == []


def test_what_an_older_gateway_has_stored_is_due(vault: Vault, grant: Grant, clock: SteppingClock) -> None:
    """It does not say from when on: at its expiry, less the margin."""
    with vault.database.writing() as connection:
        connection.execute(update(grants).values(refresh_from=None))
    clock.step(LIFE - MARGIN - 1)
    assert due(vault) == []
    clock.step(1)
    census = vault.refresh_queue.census(margin=MARGIN, unused=86_400, horizon=0)
    assert census.most_overdue == int(clock.now())
    assert due(vault) == [grant.id]
