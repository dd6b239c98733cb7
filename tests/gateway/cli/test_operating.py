"""What operators see: readiness, metrics, warnings in lists; and whom the gateway takes a caller for."""

import asyncio
import logging
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from gateway.amazon.session import AmazonSession
from gateway.jobs.reminders import Reminder
from gateway.monitoring.warnings import ENDING_SECONDS
from gateway.settings.loading import load_settings
from gateway.settings.settings import Settings
from gateway.util.clock_check import ClockCheck
from gateway.util.threads import Threads
from gateway.vault.database.tables import grants
from gateway.vault.errors import VaultError
from tests.support.clock import START
from tests.support.gateway_server import Amazon, Gateway, check_envelope, running_gateway, settings_for
from tests.support.house import until
from tests.support.vaults import read_only

DAY = 86_400
ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}


def metrics(gateway: Gateway) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = gateway.get("/metrics")
    assert answer.status_code == 200
    samples: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}"] = sample.value
    return samples


def test_ready_says_what_it_looked_at(gateway: Gateway) -> None:
    """Database, master key and Amazon settings, without a key."""
    answer = gateway.get("/readyz")
    assert answer.status_code == 200
    checks = {"database": True, "writable": True, "masterKey": True, "applications": True}
    assert answer.json()["checks"] == checks
    assert answer.json()["status"] == "ready"


def test_not_ready_without_an_application(amazon: Amazon, tmp_path: Path) -> None:
    """A gateway that could not refresh anything takes no traffic."""
    with running_gateway(amazon, tmp_path, spapi=None, ads=None) as gateway:
        answer = gateway.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["applications"] is False
        assert answer.json()["reasons"] == ["no_application"]


def test_not_ready_where_the_key_does_not_open(gateway: Gateway) -> None:
    """A database that was exchanged under the running gateway is noticed."""
    with closing(sqlite3.connect(gateway.settings.data_dir / "vault.db")) as connection:
        connection.execute("UPDATE vault_facts SET value = value || '00' WHERE name = 'key_check'")
        connection.commit()
    answer = gateway.get("/readyz")
    assert answer.status_code == 503
    checks = {"database": True, "writable": True, "masterKey": False, "applications": True}
    assert answer.json()["checks"] == checks
    assert answer.json()["reasons"] == ["master_key_refused"]


def test_not_ready_while_nothing_can_be_written(gateway: Gateway) -> None:
    """From the first write that is refused, with the reason, until a probe goes through."""
    gateway.authorize_store()
    database = gateway.vault.database
    with read_only(database):
        gateway.bad("/spApi/removeStore", {"sellerId": "A1SANDBOXNA001", "region": "NA"}, status=500)
        answer = gateway.get("/readyz")
        assert answer.status_code == 503
        checks = {"database": True, "writable": False, "masterKey": True, "applications": True}
        assert answer.json()["checks"] == checks
        assert answer.json()["reasons"] == ["cannot_write"]
        assert gateway.get("/readyz", headers=ELSEWHERE).json()["reasons"] == ["cannot_write"]
        assert answer.json()["attention"] == {"cannotWrite": database.writes.refused}
        assert metrics(gateway)["linkfox_database_writable{}"] == 0
        database.probe_writes()
        assert gateway.get("/readyz").status_code == 503
    database.probe_writes()
    assert gateway.get("/readyz").json()["status"] == "ready"
    assert metrics(gateway)["linkfox_database_writable{}"] == 1


def test_the_key_is_not_blamed_for_the_database(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """While that does not answer, nothing new is known of the key."""

    def fail() -> None:
        raise VaultError("it is away", "Bring it back.", retryable=True)

    monkeypatch.setattr(gateway.vault.database, "reading", fail)
    answer = gateway.get("/readyz")
    assert answer.status_code == 503
    checks = {"database": False, "writable": False, "masterKey": True, "applications": True}
    assert answer.json()["checks"] == checks
    assert answer.json()["reasons"] == ["database_unavailable"]


def test_ready_tells_operators_what_needs_them(gateway: Gateway) -> None:
    """On loopback it counts what somebody should look after; through a proxy it does not."""
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    gateway.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}, status=409)
    assert gateway.get("/readyz").json()["attention"] == {"needsReauthorization": 1}
    assert "attention" not in gateway.get("/readyz", headers=ELSEWHERE).json()
    with_key = {**ELSEWHERE, "Authorization": gateway.keys["owner"]}
    assert "attention" in gateway.get("/readyz", headers=with_key).json()


def test_metrics_count_requests_and_refreshes(gateway: Gateway) -> None:
    """By route and status, and by how Amazon answered."""
    gateway.authorize_store()
    before = metrics(gateway)
    gateway.good("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"})
    gateway.bad("/spApi/refreshToken", {"sellerId": "A1NOBODY000000"}, status=404)
    after = metrics(gateway)

    def more(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more("linkfox_requests_total{route=/spApi/refreshToken,status=200}") == 1
    assert more("linkfox_requests_total{route=/spApi/refreshToken,status=404}") == 1
    assert more("linkfox_refreshes_total{flow=spapi,outcome=ok}") == 1
    assert after["linkfox_grants{flow=spapi,status=authorized}"] == 1
    assert after["linkfox_database_up{}"] == 1
    assert "linkfox_oldest_token_age_seconds{}" in after
    assert "linkfox_refresher_lag_seconds{}" in after


def test_no_metric_names_anybody(gateway: Gateway) -> None:
    """No store, user, key or path that somebody typed is in a label."""
    gateway.authorize_store()
    gateway.get("/a-path-that-somebody-typed")
    text = gateway.get("/metrics").text
    assert "linkfox_requests_total" in text
    for name in ("A1SANDBOXNA001", "owner", "a-path-that-somebody-typed", "Store A1"):
        assert name not in text


def test_metrics_are_for_loopback_or_a_key(gateway: Gateway) -> None:
    """Who comes through a proxy needs a key that may manage."""
    refused = gateway.get("/metrics", headers=ELSEWHERE)
    assert refused.status_code == 401
    assert check_envelope(refused)["reason"] == "unauthorized"
    tokens_only = gateway.vault.users.issue_key("owner", ("tokens",))[1].reveal()
    refused = gateway.get("/metrics", headers={**ELSEWHERE, "Authorization": tokens_only})
    assert (refused.status_code, check_envelope(refused)["reason"]) == (403, "key_lacks_right")
    for rights in (("manage",), ("metrics",)):
        key = gateway.vault.users.issue_key("owner", rights)[1].reveal()
        assert gateway.get("/metrics", headers={**ELSEWHERE, "Authorization": key}).status_code == 200


def test_a_key_for_metrics_opens_nothing_else(gateway: Gateway) -> None:
    """No list, no token, no call, and no more than anybody else learns of the gateway's state."""
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    gateway.bad("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"}, status=409)
    gateway.keys["scraper"] = gateway.vault.users.issue_key("owner", ("metrics",))[1].reveal()
    for path in ("authorizedStores", "storeTokens", "developerProxy", "authorizeUrl"):
        body = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
        refused = gateway.bad(f"/spApi/{path}", body, status=403, user="scraper")
        assert refused["reason"] == "key_lacks_right"
        assert refused["keyId"]
    headers = {**ELSEWHERE, "Authorization": gateway.keys["scraper"]}
    assert "attention" not in gateway.get("/readyz", headers=headers).json()


@pytest.mark.parametrize(
    "through",
    [
        {"Host": "gateway.example.com"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Proto": "https"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_what_a_proxy_on_this_machine_passes_on_is_not_from_this_machine(
    amazon: Amazon, tmp_path: Path, through: dict[str, str]
) -> None:
    """Any sign of a proxy, the public name among them: the metrics and what needs somebody want a key."""
    with running_gateway(amazon, tmp_path, given_public_url="https://gateway.example.com") as gateway:
        assert gateway.get("/metrics").status_code == 200
        assert gateway.get("/metrics", headers=through).status_code == 401
        assert "attention" in gateway.get("/readyz").json()
        assert "attention" not in gateway.get("/readyz", headers=through).json()


def test_an_authorization_that_ends_is_warned_of(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """In the list, and in the log once however often it is looked at."""
    store = gateway.authorize_store()["store"]
    assert "warnings" not in gateway.good("/spApi/authorizedStores")["stores"][0]
    ends_at = int(START) + ENDING_SECONDS - 5 * DAY
    with gateway.vault.database.writing() as connection:
        connection.execute(update(grants).values(authorization_expires_at=ends_at))
    warning = {
        "warning": "authorization_ends",
        "endsAt": datetime.fromtimestamp(ends_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["warnings"] == [warning]
    assert gateway.get("/readyz").json()["attention"] == {"authorizationsEnding": 1}
    assert metrics(gateway)["linkfox_authorizations_ending{}"] == 1
    reminder = Reminder(gateway.settings, gateway.vault, gateway.clock, Threads())
    with caplog.at_level(logging.WARNING):
        run(reminder)
        run(reminder)
    assert [r.getMessage() for r in caplog.records if "authorization_ends" in r.getMessage()] == [
        f"authorization_ends grant={store['authRecordId']} application=spapi endsAt={warning['endsAt']}"
    ]


def test_an_old_client_secret_is_warned_of(
    amazon: Amazon, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """From its 150th day: in the list, the metrics, the status and the log."""
    spapi = settings_for(amazon, tmp_path).spapi
    assert spapi is not None
    since = (datetime.fromtimestamp(START, UTC) - timedelta(days=170)).date()
    with (
        caplog.at_level(logging.WARNING),
        running_gateway(amazon, tmp_path, spapi=replace(spapi, secret_since=since)) as gateway,
    ):
        warning = {
            "warning": "client_secret_ends",
            "application": "spapi",
            "ageDays": 170,
            "endsAfterDays": 180,
        }
        assert gateway.good("/spApi/authorizedStores")["warnings"] == [warning]
        assert "warnings" not in gateway.good("/amazonAds/authorizedStores")
        assert metrics(gateway)["linkfox_client_secret_age_days{flow=spapi}"] == 170
        assert gateway.get("/readyz").json()["attention"] == {"clientSecrets": [warning]}
        until(lambda: "client_secret_ends" in caplog.text, "the log warns")


@pytest.mark.parametrize("ahead", [3 * 3600, -3 * 3600])
def test_a_clock_that_is_far_off_is_told(
    amazon: Amazon, tmp_path: Path, caplog: pytest.LogCaptureFixture, ahead: int
) -> None:
    """By what Amazon's answers say of the time: once in the log, and for as long as it lasts elsewhere."""

    def session(settings: Settings) -> AmazonSession:
        return AmazonSession(settings.amazon_origin, clocks=ClockCheck(lambda: time.time() + ahead))

    with (
        caplog.at_level(logging.INFO),
        running_gateway(amazon, tmp_path, session=session) as gateway,
    ):
        assert gateway.get("/readyz").json()["attention"] == {}
        gateway.authorize_store()
        gateway.good("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001"})
        told = gateway.get("/readyz")
        assert told.status_code == 200
        assert abs(told.json()["attention"]["clockOff"]["amazon"] - ahead) < 60
        assert abs(metrics(gateway)["linkfox_clock_offset_seconds{against=amazon}"] - ahead) < 60
    assert caplog.text.count("clock_off against=amazon") == 1


def run(reminder: Reminder) -> None:
    """Let the reminder go its round."""
    asyncio.run(reminder.round())


@pytest.mark.parametrize("value", ["10.0.0.1", "10.0.0.0/8, 192.168.1.7", "::1 fd00::/8"])
def test_proxies_are_named_by_address(tmp_path: Path, value: str) -> None:
    """Addresses and networks of both families."""
    settings = load_settings({"GATEWAY_TRUSTED_PROXIES": value}, sandbox=True, home=tmp_path, bundle=tmp_path)
    assert settings.trusted_proxies == tuple(value.replace(",", " ").split())
