"""How applications stand with Amazon, on SQLite and PostgreSQL alike."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.vault.applications import AppKey, Applications, CircuitState
from gateway.vault.vault import Vault
from tests.support.clock import SteppingClock
from tests.support.vaults import store, tokens

APP = AppKey("spapi", "amzn1.client", "print-of-the-secret")

pytestmark = pytest.mark.usefixtures("long_pauses")


def pause_is_over(vault: Vault) -> None:
    """Let the pause end, as time would."""
    with vault.database.writing() as connection:
        connection.execute(text("UPDATE applications SET pause_until_ms = 1"))


@pytest.fixture
def user(vault: Vault) -> int:
    """A user."""
    return vault.users.create("somebody")


def test_an_application_is_fine_until_it_fails(vault: Vault) -> None:
    """Nothing is known of it, so nothing stands against it."""
    assert vault.applications.admit(APP).state == "closed"
    assert vault.applications.suspended(APP) is None


def test_an_event_loop_is_told_the_same(vault: Vault) -> None:
    """Except where a probe is due, which it leaves to `admit`."""

    def state() -> CircuitState | None:
        found = asyncio.run(vault.applications.state(APP))
        return None if found is None else replace(found, seconds=0)

    assert state() == vault.applications.admit(APP)
    vault.applications.cool_down(APP, "throttled", 100)
    assert state() == CircuitState("cooling", "throttled", failures=1)
    vault.applications.recover(APP)
    assert state() == vault.applications.admit(APP)
    vault.applications.suspend(APP, "invalid_client")
    assert state() == CircuitState("suspended", "invalid_client", failures=1)
    pause_is_over(vault)
    assert state() is None
    assert vault.applications.admit(APP).state == "half_open"
    assert state() == CircuitState("suspended", "invalid_client", failures=1)


def test_a_suspended_application_is_news_once(vault: Vault) -> None:
    """The second process that finds out has nothing to tell."""
    assert vault.applications.suspend(APP, "invalid_client")
    assert not vault.applications.suspend(APP, "invalid_client")
    assert vault.applications.suspended(APP) == "invalid_client"
    circuit = vault.applications.admit(APP)
    assert (circuit.state, circuit.reason, circuit.failures) == ("suspended", "invalid_client", 1)
    assert 400 < circuit.seconds <= 1000


def test_calls_that_failed_together_make_the_pause_no_longer(vault: Vault) -> None:
    """Only a probe that failed does."""
    for _ in range(5):
        vault.applications.suspend(APP, "invalid_client")
    assert vault.applications.admit(APP).failures == 1
    vault.applications.suspend(APP, "invalid_client", probing=True)
    assert vault.applications.admit(APP).failures == 2


def test_another_application_is_not_concerned(vault: Vault) -> None:
    """Neither the other flow's nor one of another client id."""
    vault.applications.suspend(APP, "invalid_client")
    for other in (replace(APP, flow="ads"), replace(APP, client_id="amzn1.other")):
        assert vault.applications.admit(other).state == "closed"


def test_one_process_at_a_time_probes(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """Of twenty that ask when the pause is over, in two processes, one may try."""
    vault.applications.suspend(APP, "invalid_client")
    pause_is_over(vault)
    both = [vault.applications, open_another().applications] * 10
    with ThreadPoolExecutor(20) as pool:
        states = list(pool.map(lambda one: one.admit(APP).state, both))
    assert sorted(states) == ["half_open", *["suspended"] * 19]


def test_a_new_client_secret_is_tried_at_once(vault: Vault) -> None:
    """Who has corrected the secret does not wait, and the old secret is no longer tried."""
    vault.applications.suspend(APP, "invalid_client")
    assert vault.applications.admit(replace(APP, secret_print="another")).state == "half_open"
    assert vault.applications.admit(replace(APP, secret_print="another")).state == "suspended"


def test_a_recovery_is_news_once(vault: Vault) -> None:
    """After it Amazon may be asked as ever, and it counts as never having failed."""
    vault.applications.suspend(APP, "invalid_client")
    assert vault.applications.recover(APP)
    assert not vault.applications.recover(APP)
    assert vault.applications.admit(APP).state == "closed"
    assert vault.applications.admit(APP).failures == 0


def test_pauses_grow_with_failures_and_are_spread(vault: Vault) -> None:
    """Each is half to the whole of twice the one before, up to a minute."""
    seconds = []
    for randomness in (0.0, 1.0):
        applications = Applications(
            vault.database, vault.rows, vault.audit, vault.outbox, lambda value=randomness: value
        )
        applications.recover(APP)
        for _ in range(9):
            applications.suspend(APP, "invalid_client", probing=True)
            seconds.append(applications.admit(APP).seconds / 1000)
    assert seconds[:9] == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30], abs=0.1)
    assert seconds[9:] == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60], abs=0.1)


def test_amazon_is_given_the_rest_that_it_asks_for(vault: Vault) -> None:
    """But not more than five minutes; calls that failed together make it no longer."""
    vault.applications.cool_down(APP, "throttled", 20_000)
    vault.applications.cool_down(APP, "unavailable")
    circuit = vault.applications.admit(APP)
    assert (circuit.state, circuit.reason, circuit.failures) == ("cooling", "throttled", 1)
    assert 19_900 < circuit.seconds <= 20_000
    vault.applications.cool_down(APP, "throttled", 86_400_000)
    assert 299_900 < vault.applications.admit(APP).seconds <= 300_000
    pause_is_over(vault)
    assert vault.applications.admit(APP).state == "closed"


def test_the_audit_tells_when_an_application_was_suspended(vault: Vault) -> None:
    """Once for each change."""
    vault.applications.suspend(APP, "invalid_client")
    vault.applications.suspend(APP, "invalid_client")
    vault.applications.recover(APP)
    entries, _ = vault.audit.newest(10)
    assert [(entry.action, entry.subject, entry.outcome) for entry in reversed(entries)][-2:] == [
        ("app_suspended", "spapi application", "invalid_client"),
        ("app_recovered", "spapi application", "ok"),
    ]


def refreshed(vault: Vault, user: int, seller_id: str) -> int:
    """A store whose tokens were refreshed once; its record's id."""
    grant = store(vault, user, seller_id)
    lease = vault.leases.take(grant.id, "me", 1000)
    assert lease is not None
    assert vault.leases.store_refresh(lease, 0, tokens("second"))
    return grant.id


REASON = "grant_of_another_client"


def test_one_foreign_grant_is_marked_alone(vault: Vault, user: int, clock: SteppingClock) -> None:
    """Also where it had worked, and where another one never had."""
    first = refreshed(vault, user, "A1")
    never = store(vault, user, "A2")
    clock.step(1)
    assert vault.foreign_grants.judge(first, 1, REASON) == "one"
    assert vault.foreign_grants.judge(never.id, 0, REASON) == "one"
    assert {grant.status for grant in vault.grants.of_user(user, "spapi")} == {"needs_reauthorization"}


def test_grants_that_worked_speak_of_the_application(vault: Vault, user: int, clock: SteppingClock) -> None:
    """The second of them takes the first one's mark away."""
    first, second = refreshed(vault, user, "A1"), refreshed(vault, user, "A2")
    clock.step(1)
    assert vault.foreign_grants.judge(first, 1, REASON) == "one"
    assert vault.foreign_grants.judge(second, 1, REASON) == "all"
    grants = vault.grants.of_user(user, "spapi")
    assert {(grant.status, grant.status_reason) for grant in grants} == {("authorized", None)}


def test_an_application_that_works_for_others_is_not_at_fault(
    vault: Vault, user: int, clock: SteppingClock
) -> None:
    """A refresh that worked since the first mark clears it."""
    first, second = refreshed(vault, user, "A1"), refreshed(vault, user, "A2")
    clock.step(1)
    assert vault.foreign_grants.judge(first, 1, REASON) == "one"
    clock.step(1)
    refreshed(vault, user, "A3")
    assert vault.foreign_grants.judge(second, 1, REASON) == "one"


def test_tokens_that_changed_meanwhile_are_not_marked(vault: Vault, user: int) -> None:
    """Somebody authorized again or refreshed while Amazon answered."""
    first = refreshed(vault, user, "A1")
    assert vault.foreign_grants.judge(first, 0, REASON) == "stale"
    assert vault.grants.of_user(user, "spapi")[0].status == "authorized"


def test_the_leases_of_a_stopped_gateway_are_given_back(vault: Vault, user: int) -> None:
    """A refresh is possible again at once, and the stopped one's lease is worth nothing."""
    grant = store(vault, user)
    old = vault.leases.take(grant.id, "stopped", 60_000)
    assert old is not None
    assert vault.leases.settle_interrupted() == 1
    new = vault.leases.take(grant.id, "started", 60_000)
    assert new is not None
    assert not vault.leases.store_refresh(old, 0, tokens("old"))
    assert vault.leases.store_refresh(new, 0, tokens("new"))
