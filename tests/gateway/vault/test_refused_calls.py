"""Applications whose calls Amazon's APIs refuse, on SQLite and PostgreSQL alike."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.settings.settings import Settings
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from gateway.vault.applications import AppKey, CircuitState
from gateway.vault.refused_calls import RefusedCalls
from gateway.vault.vault import Vault

APP = AppKey("spapi", "amzn1.client", "print-of-the-secret")
REASON = "secret_expired"

pytestmark = pytest.mark.usefixtures("long_pauses")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with a webhook, so that notices are written down."""
    return replace(settings, webhook=Webhook("http://127.0.0.1:1/hook", Secret("s" * 32)))


def pause_is_over(vault: Vault) -> None:
    """Let the pause end, as time would."""
    with vault.database.writing() as connection:
        connection.execute(text("UPDATE refused_calls SET pause_until_ms = 1"))


def events(vault: Vault) -> list[str]:
    """What the webhook is told, of what there is by now."""
    return sorted(notice.event for notice in vault.outbox.claim(100, 60_000))


def test_an_application_may_call_until_it_is_refused(vault: Vault) -> None:
    """Nothing is known of it, and nothing is told of it."""
    assert vault.refused_calls.admit(APP).state == "closed"
    assert vault.refused_calls.reason(APP) is None
    assert vault.refused_calls.reasons([APP.client_id]) == {}
    assert not vault.refused_calls.accepted(APP)
    assert not vault.refused_calls.secret_changed(replace(APP, secret_print="another"))
    vault.refused_calls.prolong(APP)
    assert vault.refused_calls.admit(APP).state == "closed"
    assert events(vault) == []


def test_an_event_loop_is_told_the_same(vault: Vault) -> None:
    """Except where a probe is due, which it leaves to `admit`."""

    def state() -> CircuitState | None:
        found = asyncio.run(vault.refused_calls.state(APP))
        return None if found is None else replace(found, seconds=0)

    assert state() == vault.refused_calls.admit(APP)
    vault.refused_calls.refuse(APP, REASON)
    assert state() == CircuitState("suspended", REASON, failures=1)
    pause_is_over(vault)
    assert state() is None
    assert vault.refused_calls.admit(APP).state == "half_open"
    assert state() == CircuitState("suspended", REASON, failures=1)


def test_a_refusal_is_news_once(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """Another process sees it, and has nothing to tell; the audit and the webhook hear of it once."""
    other = open_another()
    assert vault.refused_calls.refuse(APP, REASON)
    assert not other.refused_calls.refuse(APP, REASON)
    assert other.refused_calls.reason(APP) == REASON
    assert other.refused_calls.reasons([APP.client_id, "another"]) == {APP.client_id: REASON}
    circuit = other.refused_calls.admit(APP)
    assert (circuit.state, circuit.reason, circuit.failures) == ("suspended", REASON, 1)
    assert events(vault) == ["suspended_app"]
    entries, _ = vault.audit.newest(10)
    told = [(entry.subject, entry.outcome) for entry in entries if entry.action == "app_suspended"]
    assert told == [("spapi application", REASON)]


def test_calls_that_are_refused_together_are_news_once(
    vault: Vault, open_another: Callable[[], Vault]
) -> None:
    """Of twenty in two processes, whoever makes the row."""
    both = [vault.refused_calls, open_another().refused_calls] * 10
    with ThreadPoolExecutor(20) as pool:
        news = list(pool.map(lambda one: one.refuse(APP, REASON), both))
    assert news.count(True) == 1
    assert events(vault) == ["suspended_app"]


def test_the_token_endpoint_s_word_is_another_matter(vault: Vault) -> None:
    """Neither suspension begins or ends the other."""
    vault.refused_calls.refuse(APP, REASON)
    assert vault.applications.admit(APP).state == "closed"
    vault.applications.suspend(APP, "invalid_client")
    vault.applications.recover(APP)
    assert vault.refused_calls.reason(APP) == REASON
    vault.applications.suspend(APP, "invalid_client")
    assert vault.refused_calls.accepted(APP)
    assert vault.applications.suspended(APP) == "invalid_client"


def test_another_application_is_not_concerned(vault: Vault) -> None:
    """Neither the other flow's nor one of another client id."""
    vault.refused_calls.refuse(APP, REASON)
    for other in (replace(APP, flow="ads"), replace(APP, client_id="amzn1.other")):
        assert vault.refused_calls.admit(other).state == "closed"
        assert not vault.refused_calls.accepted(other)
    assert vault.refused_calls.reason(APP) == REASON


def test_one_process_at_a_time_probes(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """Of twenty that ask when the pause is over, in two processes, one may call."""
    vault.refused_calls.refuse(APP, REASON)
    pause_is_over(vault)
    both = [vault.refused_calls, open_another().refused_calls] * 10
    with ThreadPoolExecutor(20) as pool:
        states = list(pool.map(lambda one: one.admit(APP).state, both))
    assert sorted(states) == ["half_open", *["suspended"] * 19]


def test_pauses_grow_with_probes_that_failed(vault: Vault) -> None:
    """Up to a minute; calls that were under way together make it no longer."""
    calls = RefusedCalls(vault.database, vault.rows, vault.audit, vault.outbox, lambda: 1.0)
    calls.refuse(APP, REASON)
    for _ in range(3):
        calls.refuse(APP, REASON)
    assert calls.admit(APP).failures == 1
    seconds = []
    for number in range(8):
        if number % 2:
            calls.refuse(APP, REASON, probing=True)
        else:
            calls.prolong(APP)
        seconds.append(calls.admit(APP).seconds / 1000)
    assert seconds == pytest.approx([2, 4, 8, 16, 32, 60, 60, 60], abs=0.1)
    assert events(vault) == ["suspended_app"]


def test_a_call_that_is_accepted_ends_it_once(vault: Vault, open_another: Callable[[], Vault]) -> None:
    """After it, calls may be made as ever, and a later refusal is news again."""
    vault.refused_calls.refuse(APP, REASON)
    other = open_another()
    assert other.refused_calls.accepted(APP)
    assert not vault.refused_calls.accepted(APP)
    assert vault.refused_calls.admit(APP).state == "closed"
    assert vault.refused_calls.refuse(APP, REASON)
    assert events(vault) == ["app_recovered", "suspended_app", "suspended_app"]
    entries, _ = vault.audit.newest(10)
    assert [entry.subject for entry in entries if entry.action == "app_recovered"] == ["spapi application"]


def test_another_client_secret_ends_it(vault: Vault) -> None:
    """The one that was refused does not, however often a gateway starts with it."""
    vault.refused_calls.refuse(APP, REASON)
    assert not vault.refused_calls.secret_changed(APP)
    assert vault.refused_calls.reason(APP) == REASON
    assert vault.refused_calls.secret_changed(replace(APP, secret_print="another"))
    assert vault.refused_calls.reason(APP) is None
    assert events(vault) == ["app_recovered", "suspended_app"]
