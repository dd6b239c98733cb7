"""The SP-API says that the application's client secret has ended; the token endpoint goes on taking it."""

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret
from tests.support.calling import (
    SELLER,
    SP_HOST,
    ads_call,
    call_store,
    forwarded,
    passed_on,
    profile_of,
    store_call,
    store_token,
)
from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.visitor import Visitor

PROXY = "/spApi/developerProxy"
OTHER = "A1SANDBOXNA002"
WEBHOOK = Webhook("http://127.0.0.1:1/hook", Secret("s" * 32))
CREATE_REPORT = {
    "path": "/reports/2021-06-30/reports",
    "method": "POST",
    "body": json.dumps({"reportType": "GET_REPORT", "marketplaceIds": ["ATVPDKIKX0DER"]}),
}


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with a store and a webhook, which nobody answers, and a ledger that begins after that."""
    with running_gateway(amazon, tmp_path, webhook=WEBHOOK) as running:
        running.authorize_store()
        amazon.control("settings", {"participationsQuota": None})
        amazon.control("ledger/reset", {})
        yield running


def end_secret(amazon: Amazon, ended: bool = True) -> None:
    """Let the SP-API refuse the application, or take it again; the token endpoint takes it all the time."""
    amazon.control("apps", {"clientId": amazon.spapi["clientId"], "secretExpired": ended})


def keep_pause(gateway: Gateway) -> None:
    """Let the pause that has begun last for nearly as long as one may: longer than any test."""
    with gateway.vault.database.writing() as connection:
        connection.exec_driver_sql("UPDATE refused_calls SET pause_until_ms = pause_until_ms + 240000")


def suspend(gateway: Gateway) -> None:
    """Let the gateway find out, in a call that fails, and rest until a test ends that."""
    end_secret(gateway.amazon)
    refused(gateway)
    keep_pause(gateway)
    gateway.amazon.control("ledger/reset", {})


def refused(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    """Make a call that has to be told that the application is at fault."""
    problem = gateway.bad(PROXY, store_call(**changes), status=503)
    assert (problem["errcode"], problem["reason"]) == (1003, "suspended_app")
    assert problem["status"] == "suspended_app"
    return problem


def statuses(gateway: Gateway) -> list[str]:
    """How the stores are listed."""
    return [store["status"] for store in gateway.good("/spApi/authorizedStores")["stores"]]


def notices(gateway: Gateway) -> list[tuple[str, str | None]]:
    """The event and reason of what the webhook is to be told, oldest first, but for consents."""
    with gateway.vault.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT body FROM outbox ORDER BY rowid").scalars()
        bodies = [json.loads(row) for row in rows]
    consents = ("authorized", "reauthorized")
    return [(body["event"], body.get("reason")) for body in bodies if body["event"] not in consents]


def audited(gateway: Gateway, action: str) -> list[str]:
    """The outcomes that the audit has of an action."""
    entries, _ = gateway.vault.audit.newest(100)
    return [entry.outcome for entry in entries if entry.action == action]


@pytest.mark.parametrize("presents", [True, False])
def test_it_suspends_the_application_and_no_store(
    gateway: Gateway, amazon: Amazon, caplog: pytest.LogCaptureFixture, presents: bool
) -> None:
    """Told once and loudly, shown by two gateways on one database, and no call more goes to Amazon."""
    gateway.authorize_store(OTHER)
    token = store_token(gateway)
    call = {"amzAccessToken": token if presents else None}
    end_secret(amazon)
    refused(gateway, **call)
    keep_pause(gateway)
    amazon.control("ledger/reset", {})
    with running_gateway(amazon, gateway.settings.data_dir, gateway.clock, webhook=WEBHOOK) as other:
        other.keys = gateway.keys
        for each in (gateway, other, gateway, other):
            assert "client secret has expired" in refused(each, **call)["errmsg"]
            refused(each, **CREATE_REPORT)
            assert statuses(each) == ["suspended_app", "suspended_app"]
    assert forwarded(amazon) == []
    told = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert ["secret_expired" in record.getMessage() for record in told] == [True]
    assert audited(gateway, "app_suspended") == ["secret_expired"]
    assert notices(gateway) == [("suspended_app", "secret_expired")]
    with gateway.vault.database.reading() as connection:
        marks = connection.exec_driver_sql("SELECT DISTINCT status, status_reason FROM grants").all()
    assert [tuple(mark) for mark in marks] == [("authorized", None)]


def test_operators_see_it(gateway: Gateway) -> None:
    """In what needs attention, as a metric, and beside the store on its page."""
    suspend(gateway)
    page = Visitor(gateway).sign_in().page("/")
    assert "Application suspended" in page.text
    assert "no store is at fault" in page.text
    assert gateway.get("/readyz").json()["attention"]["suspendedApps"] == {"spapi": "secret_expired"}
    lines = gateway.get("/metrics").text.splitlines()
    assert 'linkfox_application_suspended{flow="spapi"} 1.0' in lines
    assert 'linkfox_application_suspended{flow="ads"} 0.0' in lines


def test_tokens_are_refreshed_and_handed_out_meanwhile_and_that_ends_nothing(
    gateway: Gateway, amazon: Amazon
) -> None:
    """The token endpoint's 200 says nothing about the SP-API: the list stays as it is."""
    suspend(gateway)
    before = store_token(gateway)
    gateway.clock.step(60)
    assert gateway.good("/spApi/refreshToken", {"sellerId": SELLER})["accessToken"] != before
    gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA", "minTtl": 3000})
    assert len(amazon.refreshes()) == 1
    assert statuses(gateway) == ["suspended_app"]
    refused(gateway)
    assert notices(gateway) == [("suspended_app", "secret_expired")]


def test_a_call_that_succeeds_ends_it(gateway: Gateway, amazon: Amazon) -> None:
    """When the pause is over a call goes to Amazon; the caller does not notice that it was a probe."""
    suspend(gateway)
    end_secret(amazon, ended=False)
    refused(gateway)
    gateway.end_pauses()
    assert call_store(gateway)["httpStatus"] == 200
    assert statuses(gateway) == ["authorized"]
    assert call_store(gateway)["httpStatus"] == 200
    assert len(forwarded(amazon)) == 2
    assert notices(gateway) == [("suspended_app", "secret_expired"), ("app_recovered", None)]
    assert len(audited(gateway, "app_recovered")) == 1


def test_a_probe_that_fails_is_followed_by_a_longer_pause(gateway: Gateway, amazon: Amazon) -> None:
    """It is told as before, and nobody is told again that the application is suspended."""
    suspend(gateway)
    for _ in range(3):
        gateway.end_pauses()
        refused(gateway, **CREATE_REPORT)
    # Each has its proof: a call of the gateway's own.
    assert [call["method"] for call in forwarded(amazon)] == ["POST", "GET"] * 3
    with gateway.vault.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT failures FROM refused_calls").scalar() == 4
    assert notices(gateway) == [("suspended_app", "secret_expired")]
    assert statuses(gateway) == ["suspended_app"]


@pytest.mark.parametrize(
    ("do", "told"),
    [
        ({"status": 404, "body": "{}"}, 404),
        ({"status": 429, "body": "{}"}, 429),
        ({"status": 500, "body": ""}, 500),
        ({"answer": "spApi.roleMissing"}, 403),
        ({"drop": "before"}, None),
    ],
)
def test_what_says_nothing_about_the_application_does_not_end_it(
    gateway: Gateway, amazon: Amazon, do: dict[str, Any], told: int | None
) -> None:
    """The probe is passed on, and the next caller waits for the next one."""
    suspend(gateway)
    end_secret(amazon, ended=False)
    gateway.end_pauses()
    amazon.fault(do, host=SP_HOST)
    if told is None:
        assert gateway.bad(PROXY, store_call(), status=502)["reason"] == "amazon_failed"
    else:
        assert call_store(gateway)["httpStatus"] == told
    keep_pause(gateway)
    refused(gateway)
    assert len(forwarded(amazon)) == 1
    assert statuses(gateway) == ["suspended_app"]


def test_one_call_at_a_time_probes(gateway: Gateway, amazon: Amazon) -> None:
    """While one is under way, the others are told at once, and Amazon hears nothing of them."""
    suspend(gateway)
    end_secret(amazon, ended=False)
    gateway.end_pauses()
    amazon.fault({"hold": "probe"}, host=SP_HOST)
    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(call_store, gateway)
        amazon.until_held("probe")
        for _ in range(5):
            refused(gateway)
        amazon.release("probe")
        assert probe.result()["httpStatus"] == 200
    assert len(forwarded(amazon)) == 1
    assert call_store(gateway)["httpStatus"] == 200


def test_a_storm_costs_amazon_few_calls(gateway: Gateway, amazon: Amazon) -> None:
    """Of many callers at the end of a pause one goes to Amazon, and finds the secret still ended."""
    suspend(gateway)
    gateway.end_pauses()
    amazon.fault({"hold": "probe"}, host=SP_HOST)
    barrier = threading.Barrier(12)

    def ask(_number: int) -> None:
        barrier.wait()
        refused(gateway, **CREATE_REPORT)

    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(ask, number) for number in range(12)]
        amazon.until_held("probe")
        amazon.release("probe")
        for one in asked:
            one.result()
    # The storm's own, and where the machine is slow some more after the growing pauses that began with it.
    assert 1 <= len(forwarded(amazon)) <= 6


def test_a_changed_secret_ends_it_without_a_call(
    gateway: Gateway, amazon: Amazon, caplog: pytest.LogCaptureFixture
) -> None:
    """A gateway that starts with another secret says so to everybody; one with the same secret does not."""
    caplog.set_level(logging.WARNING)
    suspend(gateway)
    folder = gateway.settings.data_dir
    with running_gateway(amazon, folder, gateway.clock, webhook=WEBHOOK) as same:
        same.keys = gateway.keys
        assert statuses(same) == ["suspended_app"]
    rotated = amazon.control("apps", {"clientId": amazon.spapi["clientId"], "rotateSecret": True})
    # A reset does not bring the former secret back: gateways of other tests need the new one, too.
    amazon.spapi["clientSecret"] = rotated["clientSecret"]
    end_secret(amazon, ended=False)
    with running_gateway(amazon, folder, gateway.clock, webhook=WEBHOOK) as other:
        other.keys = gateway.keys
        assert statuses(other) == statuses(gateway) == ["authorized"]
        assert forwarded(amazon) == []
        assert call_store(other)["httpStatus"] == 200
        other.good("/spApi/refreshToken", {"sellerId": SELLER})
    assert notices(gateway) == [("suspended_app", "secret_expired"), ("app_recovered", None)]
    assert sum("app_recovered application" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("presents", [True, False])
def test_a_token_that_was_made_with_a_former_secret_says_nothing(
    gateway: Gateway, amazon: Amazon, presents: bool
) -> None:
    """It is refreshed once and a safe request repeated, before the application is suspended for it."""
    token = store_token(gateway)
    gateway.clock.step(10)
    amazon.fault({"answer": "spApi.secretExpired"}, host=SP_HOST)
    assert call_store(gateway, amzAccessToken=token if presents else None)["httpStatus"] == 200
    assert len(amazon.refreshes()) == 1
    assert statuses(gateway) == ["authorized"]
    assert notices(gateway) == []


def test_a_request_that_changes_something_is_not_repeated_for_that(gateway: Gateway, amazon: Amazon) -> None:
    """It is sent once and told as it was answered: a call of the gateway's own finds out that all is well."""
    amazon.fault({"answer": "spApi.secretExpired"}, host=SP_HOST)
    assert call_store(gateway, **CREATE_REPORT)["httpStatus"] == 403
    assert [call["method"] for call in forwarded(amazon)] == ["POST", "GET"]
    assert call_store(gateway, **CREATE_REPORT)["httpStatus"] == 202
    assert statuses(gateway) == ["authorized"]
    assert notices(gateway) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_a_caller_has_amazon_say_suspends_nothing(gateway: Gateway, amazon: Amazon, method: str) -> None:
    """Its text in a refusal is not believed, and a caller in a loop costs one proof a minute."""
    said = "You may not see report 'The LWA secret token you provided has expired.'"
    body = json.dumps({"errors": [{"code": "Unauthorized", "message": "Denied.", "details": said}]})
    amazon.fault({"status": 403, "body": body}, times=None, path="/reports/2021-06-30/reports/x")
    for _ in range(4):
        answer = call_store(gateway, path="/reports/2021-06-30/reports/x", method=method)
        assert (answer["httpStatus"], answer["body"]) == (403, body)
    assert len(amazon.refreshes()) == 1
    assert [call["path"] for call in forwarded(amazon)].count("/sellers/v1/marketplaceParticipations") == 1
    assert statuses(gateway) == ["authorized"]
    assert notices(gateway) == []


@pytest.mark.parametrize(
    "do",
    [
        {"status": 429, "body": "{}"},
        {"status": 503, "body": ""},
        {"drop": "before"},
        {"status": 200, "body": ""},
    ],
)
def test_a_proof_that_cannot_be_had_suspends_nothing(
    gateway: Gateway, amazon: Amazon, do: dict[str, Any]
) -> None:
    """The refusal is passed on, until a call of the gateway's own is refused alike."""
    end_secret(amazon)
    amazon.fault(do, path="/sellers/v1/marketplaceParticipations")
    assert call_store(gateway, **CREATE_REPORT)["httpStatus"] == 403
    assert notices(gateway) == []
    refused(gateway, **CREATE_REPORT)
    assert notices(gateway) == [("suspended_app", "secret_expired")]


def test_the_check_of_a_new_store_finds_out_and_ends_it_too(gateway: Gateway, amazon: Amazon) -> None:
    """Who authorizes meanwhile gets a store; whether it could be used says how the application stands."""
    end_secret(amazon)
    status = gateway.authorize_store(OTHER)
    assert status["state"] == "authorized"
    assert status["store"]["status"] == "suspended_app"
    keep_pause(gateway)
    refused(gateway)
    end_secret(amazon, ended=False)
    assert gateway.authorize_store(OTHER)["store"]["status"] == "authorized"
    assert statuses(gateway) == ["authorized", "authorized"]
    assert call_store(gateway)["httpStatus"] == 200
    assert notices(gateway) == [("suspended_app", "secret_expired"), ("app_recovered", None)]


def test_the_ads_accounts_are_another_application_s(gateway: Gateway) -> None:
    """They are listed and called as ever, while the stores rest."""
    gateway.authorize_account()
    suspend(gateway)
    listed = gateway.good("/amazonAds/authorizedStores")["stores"]
    assert {account["status"] for account in listed} == {"authorized"}
    answer = passed_on(gateway, "/amazonAds/developerProxy", ads_call(profile_of(gateway)))
    assert answer["httpStatus"] == 200
