"""An application at fault, or an Amazon in need of a rest: no store pays for it, and it passes by itself."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.util.backoff import Backoff
from gateway.util.secret import Secret
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.house import until

SELLER, OTHER = "A1SANDBOXNA001", "A1SANDBOXNA002"
WANTED = {"sellerId": SELLER, "region": "NA"}
FRESH = {**WANTED, "minTtl": 600}
UNAUTHORIZED = {"status": 400, "body": '{"error": "unauthorized_client"}'}


def refuse_secret(gateway: Gateway, refused: bool, flow: str = "spapi") -> None:
    """Let Amazon refuse the application's secret, or take it again."""
    client_id = getattr(gateway.amazon, flow)["clientId"]
    gateway.amazon.control("apps", {"clientId": client_id, "secretRefused": refused})


def statuses(gateway: Gateway) -> list[str]:
    """What the list says of each store."""
    return [store["status"] for store in gateway.good("/spApi/authorizedStores")["stores"]]


def test_a_suspended_application_is_told_once_and_asked_no_more(
    gateway: Gateway, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call finds out; the others, in another process too, are told without a call to Amazon."""
    monkeypatch.setattr("gateway.vault.applications.PAUSES", Backoff(300.0))  # so that none ends meanwhile
    gateway.authorize_store()
    gateway.authorize_store(OTHER)
    before = gateway.good("/spApi/storeTokens", WANTED)["accessToken"]
    gateway.clock.step(3100)
    refuse_secret(gateway, refused=True)
    with running_gateway(gateway.amazon, tmp_path, gateway.clock) as other:
        other.keys = gateway.keys
        for each in (gateway, other, gateway, other):
            refused = each.bad("/spApi/refreshToken", {"sellerId": OTHER}, status=503)
            assert (refused["errcode"], refused["reason"]) == (1003, "suspended_app")
            assert refused["status"] == "suspended_app"
            served = each.good("/spApi/storeTokens", FRESH)
            assert (served["accessToken"], served["freshness"]) == (before, "below_minimum")
            assert statuses(each) == ["suspended_app", "suspended_app"]
        assert len(gateway.amazon.refreshes()) == 1
    gateway.end_pauses()
    gateway.bad("/spApi/refreshToken", WANTED, status=503)  # a probe that fails is no news
    assert len(gateway.amazon.refreshes()) == 2
    told = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(told) == 1
    assert "client secret" in told[0].getMessage()
    assert told[0].getMessage().casefold().count("all authorizations are kept") == 1


def test_the_other_application_goes_on(gateway: Gateway) -> None:
    """An SP-API secret that has ended is nothing to the ads accounts."""
    gateway.authorize_store()
    account = gateway.authorize_account()["account"]
    refuse_secret(gateway, refused=True)
    gateway.bad("/spApi/refreshToken", WANTED, status=503)
    gateway.good("/amazonAds/refreshToken", {"authRecordId": account["authRecordId"]})
    listed = gateway.good("/amazonAds/authorizedStores")["stores"]
    assert {entry["status"] for entry in listed} == {"authorized"}


def test_ads_accounts_are_shown_as_suspended_everywhere(gateway: Gateway) -> None:
    """In the list, among the profiles and in the status of their authorization."""
    status = gateway.authorize_account()
    refuse_secret(gateway, refused=True, flow="ads")
    gateway.bad("/amazonAds/refreshToken", {"authRecordId": status["account"]["authRecordId"]}, status=503)
    listed = gateway.good("/amazonAds/authorizedStores")["stores"]
    profiles = gateway.good("/amazonAds/profiles")["profiles"]
    again = gateway.status("ads", status["authorizationId"])["account"]
    assert {entry["status"] for entry in [*listed, *profiles, again]} == {"suspended_app"}


def test_it_recovers_by_itself(amazon: Amazon, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody has to call: the gateway probes, and tells once that all is well."""
    caplog.set_level(logging.WARNING)
    with running_gateway(amazon, tmp_path, caretaker_pause=0.05) as gateway:
        gateway.authorize_store()
        refuse_secret(gateway, refused=True)
        gateway.bad("/spApi/refreshToken", WANTED, status=503)
        refuse_secret(gateway, refused=False)
        until(lambda: statuses(gateway) == ["authorized"], "the application is probed")
        gateway.good("/spApi/refreshToken", WANTED)
    assert sum("app_recovered" in record.getMessage() for record in caplog.records) == 1


def test_a_corrected_secret_is_tried_at_once(gateway: Gateway, tmp_path: Path) -> None:
    """A gateway that was started with another secret does not wait for the end of a pause."""
    gateway.authorize_store()
    assert gateway.settings.spapi is not None
    wrong = replace(gateway.settings.spapi, client_secret=Secret("a secret that has ended"))
    with running_gateway(gateway.amazon, tmp_path, gateway.clock, spapi=wrong) as mistaken:
        mistaken.bad("/spApi/refreshToken", WANTED, status=503)
        assert statuses(mistaken) == ["suspended_app"]
    gateway.good("/spApi/refreshToken", WANTED)
    assert statuses(gateway) == ["authorized"]


def test_exchanges_and_imports_say_nothing_about_the_application(gateway: Gateway) -> None:
    """They end with their own reason; the stores that are there stay authorized."""
    gateway.authorize_store()
    refuse_secret(gateway, refused=True)
    ended = gateway.authorize_store(OTHER)
    assert (ended["state"], ended["reason"]) == ("failed", "app_credentials")
    body = {
        "sellerId": OTHER,
        "region": "NA",
        "sellerName": "Imported",
        "refreshToken": "Atzr|" + "x" * 300,
    }
    gateway.bad("/spApi/importStore", body, status=502)
    assert statuses(gateway) == ["authorized"]


def test_stores_that_worked_and_are_all_foreign_now_speak_of_the_application(gateway: Gateway) -> None:
    """The second one shows that it is not the first store's fault: no mark is left, and it recovers."""
    for seller in (SELLER, OTHER):
        gateway.authorize_store(seller)
        gateway.good("/spApi/refreshToken", {"sellerId": seller})
    gateway.clock.step(10)
    gateway.amazon.fault(UNAUTHORIZED, times=None, grantType="refresh_token")
    assert gateway.bad("/spApi/refreshToken", WANTED, status=409)["reason"] == "grant_of_another_client"
    assert gateway.bad("/spApi/refreshToken", {"sellerId": OTHER}, status=503)["reason"] == "suspended_app"
    assert statuses(gateway) == ["suspended_app", "suspended_app"]
    gateway.end_pauses()
    gateway.bad("/spApi/refreshToken", WANTED, status=503)
    assert statuses(gateway) == ["suspended_app", "suspended_app"]
    gateway.amazon.control("faults/clear", {})
    gateway.end_pauses()
    gateway.good("/spApi/refreshToken", WANTED)
    assert statuses(gateway) == ["authorized", "authorized"]


def test_a_revoked_store_does_not_keep_the_application_suspended(gateway: Gateway) -> None:
    """Amazon looks at the client first: a probe with a revoked store shows that the client is fine."""
    gateway.authorize_store()
    refuse_secret(gateway, refused=True)
    gateway.bad("/spApi/refreshToken", WANTED, status=503)
    refuse_secret(gateway, refused=False)
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    gateway.end_pauses()
    assert gateway.bad("/spApi/refreshToken", WANTED, status=409)["reason"] == "store_revoked"
    gateway.authorize_store(OTHER)
    assert statuses(gateway) == ["needs_reauthorization", "authorized"]


def test_amazon_gets_a_rest_after_it_failed(gateway: Gateway) -> None:
    """Who asks meanwhile is told for how long, and Amazon is not asked."""
    gateway.authorize_store()
    gateway.clock.step(3700)
    gateway.amazon.fault({"status": 429, "headers": {"Retry-After": "120"}}, grantType="refresh_token")
    first = gateway.bad("/spApi/storeTokens", FRESH, status=429)
    second = gateway.bad("/spApi/storeTokens", FRESH, status=429)
    assert (first["retryAfter"], second["reason"]) == (120, "amazon_throttled")
    assert 110 < second["retryAfter"] <= 120
    assert len(gateway.amazon.refreshes()) == 1
    gateway.end_pauses()
    assert gateway.good("/spApi/storeTokens", FRESH)["expiresIn"] == 3600


def test_a_strange_answer_for_one_store_is_no_reason_for_a_rest(gateway: Gateway) -> None:
    """The other stores are refreshed as ever."""
    gateway.authorize_store()
    gateway.authorize_store(OTHER)
    html = {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>"}
    gateway.amazon.fault(html, times=None, sellerId=SELLER, grantType="refresh_token")
    gateway.bad("/spApi/refreshToken", WANTED, status=502)
    gateway.good("/spApi/refreshToken", {"sellerId": OTHER})
