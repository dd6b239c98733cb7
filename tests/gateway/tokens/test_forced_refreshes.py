"""`refreshToken`: what one user's calls of it can cost Amazon, and that nobody else pays for them."""

from pathlib import Path
from typing import Any

import pytest

from gateway.tokens.service import JUST_REFRESHED
from gateway.vault import forced_refreshes
from tests.support.gateway_server import Gateway, running_gateway

SELLER, OTHER = "A1SANDBOXNA001", "A1SANDBOXNA002"
WANTED = {"sellerId": SELLER, "region": "NA"}
THEIRS = {"sellerId": OTHER, "region": "NA"}
THROTTLED = {"status": 429, "headers": {"Retry-After": "240"}}


def refresh(gateway: Gateway, body: dict[str, Any] = WANTED) -> dict[str, Any]:
    """Force a refresh."""
    return gateway.good("/spApi/refreshToken", body)


def empty_the_bucket(gateway: Gateway) -> None:
    """Let every user have forced as many refreshes as they may, and for a minute to come."""
    full = forced_refreshes.BURST * forced_refreshes.INTERVAL + 60_000
    now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    with gateway.vault.database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE users SET forced_refreshes_ms = {now} + {full}")


def test_a_loop_is_given_the_token_that_just_came(gateway: Gateway) -> None:
    """Sixty calls at one moment cost one; each answer says when Amazon is asked again."""
    gateway.authorize_store()
    gateway.clock.step(1)
    first = refresh(gateway)
    assert "retryAfter" not in first
    gateway.clock.step(3)
    for _ in range(59):
        again = refresh(gateway)
        assert again["accessToken"] == first["accessToken"]
        assert (again["retryAfter"], again["expiresIn"]) == (JUST_REFRESHED - 3, 3597)
    assert len(gateway.amazon.refreshes()) == 1
    gateway.clock.step(JUST_REFRESHED - 3)
    later = refresh(gateway)
    assert later["accessToken"] != first["accessToken"]
    assert "retryAfter" not in later


def test_the_token_of_an_authorization_can_be_refreshed_at_once(gateway: Gateway) -> None:
    """Also one that was given again: what came with it was not refreshed."""
    for _ in range(2):
        gateway.authorize_store()
        given = gateway.good("/spApi/storeTokens", WANTED)["accessToken"]
        assert refresh(gateway)["accessToken"] != given
    assert len(gateway.amazon.refreshes()) == 2


def test_another_process_gives_the_token_that_just_came_as_well(gateway: Gateway, tmp_path: Path) -> None:
    """Also where its clock is a little behind; one that is hours behind or ahead asks Amazon."""
    gateway.authorize_store()
    first = refresh(gateway)
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        other.keys = gateway.keys
        gateway.clock.step(-2)
        assert refresh(other)["accessToken"] == first["accessToken"]
        for hours in (-8, 8):
            gateway.clock.step(hours * 3600)
            assert "retryAfter" not in refresh(other)


def test_a_token_that_ended_meanwhile_is_refreshed(gateway: Gateway) -> None:
    """However young it is."""
    gateway.authorize_store()
    gateway.amazon.fault({"token": {"set": {"expires_in": 2}}}, grantType="refresh_token")
    refresh(gateway)
    gateway.clock.step(3)
    assert refresh(gateway)["expiresIn"] == 3600


def test_accounts_are_no_exception(gateway: Gateway) -> None:
    """The ads call is the same call."""
    which = {"authRecordId": gateway.authorize_account()["account"]["authRecordId"]}
    first = gateway.good("/amazonAds/refreshToken", which)
    again = gateway.good("/amazonAds/refreshToken", which)
    assert (again["accessToken"], again["retryAfter"]) == (first["accessToken"], JUST_REFRESHED)


def test_who_forced_too_many_waits_alone(gateway: Gateway) -> None:
    """What another user forces, and what the same user needs, goes on."""
    gateway.add_user("bob")
    gateway.authorize_store()
    gateway.authorize_store(OTHER, user="bob")
    empty_the_bucket(gateway)
    with gateway.vault.database.writing() as connection:
        connection.exec_driver_sql("UPDATE users SET forced_refreshes_ms = 1 WHERE name = 'bob'")
    refused = gateway.post("/spApi/refreshToken", WANTED)
    document = refused.json()
    assert (refused.status_code, document["errcode"], document["reason"]) == (429, 1003, "too_many_refreshes")
    assert refused.headers["Retry-After"] == str(document["retryAfter"])
    assert 1 <= document["retryAfter"] <= 61
    assert gateway.amazon.refreshes() == []
    assert gateway.good("/spApi/refreshToken", THEIRS, user="bob")["expiresIn"] == 3600
    gateway.clock.step(3500)
    assert gateway.good("/spApi/storeTokens", {**WANTED, "minTtl": 600})["expiresIn"] == 3600


def test_only_what_asks_amazon_counts(gateway: Gateway) -> None:
    """A call that is given the token that just came takes nothing out of the bucket."""
    gateway.authorize_store()
    refresh(gateway)
    empty_the_bucket(gateway)
    assert refresh(gateway)["retryAfter"] == JUST_REFRESHED


@pytest.mark.parametrize(
    ("failure", "reason"), [(THROTTLED, "amazon_throttled"), ({"status": 503}, "amazon_failed")]
)
def test_a_rest_that_a_forced_refresh_met_is_that_users(
    gateway: Gateway, failure: dict[str, Any], reason: str
) -> None:
    """Another user, and the same one's needed refreshes, do not notice; Amazon is asked for them."""
    gateway.add_user("bob")
    gateway.authorize_store()
    gateway.authorize_store(OTHER, user="bob")
    gateway.amazon.fault(failure, times=None, grantType="refresh_token", sellerId=SELLER)
    answer = gateway.post("/spApi/refreshToken", WANTED)
    assert answer.json()["reason"] == reason
    seconds = answer.json()["retryAfter"]
    assert answer.headers["Retry-After"] == str(seconds)
    assert seconds == 240 or reason == "amazon_failed"
    asked = len(gateway.amazon.refreshes())
    refused = gateway.bad("/spApi/refreshToken", WANTED, status=429)
    assert refused["reason"] == "too_many_refreshes"
    assert seconds - 5 < refused["retryAfter"] <= seconds
    assert len(gateway.amazon.refreshes()) == asked
    gateway.amazon.control("faults/clear", {})
    assert gateway.good("/spApi/refreshToken", THEIRS, user="bob")["expiresIn"] == 3600
    gateway.clock.step(3500)
    for body, user in ((WANTED, "owner"), (THEIRS, "bob")):
        assert gateway.good("/spApi/storeTokens", {**body, "minTtl": 600}, user=user)["expiresIn"] == 3600


def test_a_refresh_that_is_needed_rests_the_application(gateway: Gateway) -> None:
    """Amazon throttles what nobody forced: then nobody asks, forced or not."""
    gateway.authorize_store()
    gateway.clock.step(3700)
    gateway.amazon.fault(THROTTLED, grantType="refresh_token")
    gateway.bad("/spApi/storeTokens", {**WANTED, "minTtl": 600}, status=429)
    assert gateway.bad("/spApi/refreshToken", WANTED, status=429)["reason"] == "amazon_throttled"
    assert len(gateway.amazon.refreshes()) == 1
