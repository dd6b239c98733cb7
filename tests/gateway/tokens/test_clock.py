"""A gateway whose clock is wrong, or is set right while it runs."""

from pathlib import Path

import pytest

from gateway.util.clock import rfc3339
from tests.support.clock import START, SteppingClock
from tests.support.gateway_server import Amazon, Gateway, running_gateway

HOUR = 3600
WANTED = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
FRESH = {**WANTED, "minTtl": 300}


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_a_clock_that_is_an_hour_wrong_changes_nothing(amazon: Amazon, tmp_path: Path, ahead: int) -> None:
    """Amazon says how long a token lives, not until when; links and codes go by this clock alone."""
    with running_gateway(amazon, tmp_path, SteppingClock(START + ahead)) as gateway:
        assert gateway.authorize_store()["state"] == "authorized"
        assert gateway.good("/spApi/storeTokens", FRESH)["expiresIn"] == HOUR
        assert gateway.good("/spApi/refreshToken", WANTED)["expiresIn"] == HOUR
        assert len(amazon.refreshes()) == 1


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_amazons_clock_may_be_an_hour_off(gateway: Gateway, ahead: int) -> None:
    """Nothing here goes by the times in Amazon's headers."""
    gateway.amazon.control("clock", {"advance": ahead})
    assert gateway.authorize_store()["state"] == "authorized"
    assert gateway.good("/spApi/refreshToken", WANTED)["expiresIn"] == HOUR


def test_a_clock_that_is_set_back_makes_no_token_live_longer(gateway: Gateway) -> None:
    """It looks as if it had two hours left: nobody knows, so it is refreshed, once."""
    gateway.authorize_store()
    gateway.clock.step(-HOUR)
    told = gateway.good("/spApi/storeTokens", WANTED)
    assert (told["expiresIn"], told["expiresAt"]) == (0, rfc3339(int(gateway.clock.now())))
    for _ in range(3):
        assert gateway.good("/spApi/storeTokens", FRESH)["expiresIn"] == HOUR
    assert len(gateway.amazon.refreshes()) == 1


def test_a_clock_that_is_set_forward_costs_one_refresh(gateway: Gateway) -> None:
    """Every token looks expired; the next answer counts from the new time."""
    gateway.authorize_store()
    gateway.clock.step(HOUR)
    for _ in range(3):
        assert gateway.good("/spApi/storeTokens", FRESH)["expiresIn"] == HOUR
    assert len(gateway.amazon.refreshes()) == 1


def test_clocks_of_two_machines_may_differ_by_seconds(gateway: Gateway) -> None:
    """One that is a little behind the one that refreshed does not refresh again."""
    gateway.authorize_store()
    gateway.clock.step(-30)
    assert gateway.good("/spApi/storeTokens", FRESH)["expiresIn"] == HOUR + 30
    assert gateway.amazon.refreshes() == []
