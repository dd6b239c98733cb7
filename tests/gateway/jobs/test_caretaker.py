"""What the gateway does for attempts by itself, and what is left of an attempt afterwards."""

import asyncio
from pathlib import Path

import pytest

from gateway.jobs import schedule
from gateway.jobs.caretaker import FLOWS, Caretaker
from gateway.model import Flow
from gateway.vault.attempts import KEPT_SECONDS, LONGEST_EXCHANGE
from gateway.vault.errors import VaultError
from tests.support.gateway_server import Amazon, Gateway, query_of, running_gateway
from tests.support.house import until

LINK_SECONDS = 15 * 60


def test_old_attempts_are_forgotten_and_their_stores_stay(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty days after its link's end an attempt answers as one that never was; until then as it ended."""
    with running_gateway(amazon, tmp_path) as gateway:
        attempt = gateway.authorize_store()["authorizationId"]
        clock = gateway.clock
        clock.step(LINK_SECONDS + KEPT_SECONDS)
        gateway.vault.attempts.forget_old()
        assert gateway.status("spapi", attempt)["state"] == "authorized"
    clock.step(1)
    monkeypatch.setattr(schedule, "ATTEMPT_SECONDS", 0.05)
    with running_gateway(amazon, tmp_path, clock) as gateway:
        named = {"authorizationId": attempt}
        until(
            lambda: gateway.post("/spApi/authorizationStatus", named).status_code == 404,
            "the attempt is forgotten",
        )
        assert gateway.good("/spApi/authorizedStores")["total"] == 1


def test_an_exchange_that_another_replica_left_behind_is_settled(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While this one runs on: its end stands in the attempt, and once in the audit."""
    monkeypatch.setattr(schedule, "ATTEMPT_SECONDS", 0.05)
    with running_gateway(amazon, tmp_path) as gateway:
        begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})
        state = query_of(begun["authorizeUrl"])["state"]
        attempt = gateway.vault.attempts.consume(state, "spapi")
        assert attempt is not None
        gateway.clock.step(LONGEST_EXCHANGE)
        kept = gateway.vault.attempts.get
        until(lambda: kept(attempt.id).phase == "failed", "the exchange is settled")  # type: ignore[union-attr]
        ended = gateway.status("spapi", attempt.id)
        assert (ended["state"], ended["reason"]) == ("failed", "interrupted")
        entries, _ = gateway.vault.audit.newest(100)
        assert [entry.outcome for entry in entries if entry.action == "authorization"] == ["interrupted"]


def test_a_link_that_nobody_used_in_time_is_settled(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself, with its line in the audit: Amazon does not tell that somebody left its page."""
    monkeypatch.setattr(schedule, "ATTEMPT_SECONDS", 0.05)
    with running_gateway(amazon, tmp_path) as gateway:
        attempt = gateway.good("/spApi/authorizeUrl", {"sellerName": "Store"})["authorizationId"]
        gateway.clock.step(LINK_SECONDS)
        kept = gateway.vault.attempts.get
        until(lambda: kept(attempt).phase == "expired", "the attempt is settled")  # type: ignore[union-attr]
        ended = gateway.status("spapi", attempt)
        assert (ended["state"], ended["reason"]) == ("expired", "expired")
        entries, _ = gateway.vault.audit.newest(100)
        assert [entry.outcome for entry in entries if entry.action == "authorization"] == ["expired"]


def test_one_applications_trouble_is_not_the_others(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the probe of the first cannot be made, that of the second is all the same."""
    asked: list[Flow] = []

    async def suspended(flow: Flow) -> bool:
        asked.append(flow)
        if flow == FLOWS[0]:
            raise VaultError("locked", "Wait.", retryable=True)
        return False

    services = gateway.app.state.services
    monkeypatch.setattr(services.tokens, "suspended", suspended)
    caretaker = Caretaker(gateway.vault, services.tokens, services.profile_sync, services.threads)
    with pytest.raises(VaultError):
        asyncio.run(caretaker.probe_applications())
    assert asked == list(FLOWS)
