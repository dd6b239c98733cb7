"""`local_gateway.py status`: whether the gateway is ready, and what somebody should look after."""

import datetime
import signal
import socket
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.gateway_server import Amazon
from tests.support.house import House, until
from tests.support.postgresql import PostgreSQL
from tests.support.replicas import SELLER, Replica, Replicas, authorize

STORE = {"sellerId": SELLER, "region": "NA"}
WELL = {"database": True, "writable": True, "masterKey": True, "applications": True}
DAY = datetime.timedelta(days=1)


@dataclass
class Place:
    """A gateway, and the scripts of the user who runs it."""

    replica: Replica
    house: House

    def status(self) -> dict[str, Any]:
        """What the command answers."""
        return self.house.good("local_gateway.py", "status")

    def refuse(self) -> None:
        """Ask for a refresh that fails."""
        assert self.replica.status("/spApi/refreshToken", STORE, self.replica.key()) in (409, 503)


def place(together: Replicas, *arguments: str, database: str = "", **settings: str) -> Place:
    """Start a gateway, on SQLite unless a database is named."""
    replica = together.add(*arguments, GATEWAY_DATABASE_URL=database, **settings)
    data = replica.data
    return Place(
        replica,
        House(together.home, data, environment={**replica.environment, "GATEWAY_DATA_DIR": str(data)}),
    )


def test_a_healthy_gateway_is_ready_and_wants_nothing(direct: Replicas) -> None:
    """Ready, each check passed, and no `attention`; once it is killed, only that it does not run."""
    here = place(direct)
    authorize(here.replica, here.replica.key())
    found = here.status()
    assert (found["running"], found["setUp"], found["ready"], found["checks"]) == (True, True, True, WELL)
    assert found["url"] == here.replica.url
    assert "attention" not in found
    here.replica.stop(signal.SIGKILL)
    assert here.status() == {
        "ok": True,
        "running": False,
        "setUp": True,
        "dataDir": str(here.house.data_dir),
    }


def test_one_that_drains_says_why_it_is_not_ready(direct: Replicas) -> None:
    """Each of its checks is good all the same."""
    here = place(direct, GATEWAY_DRAIN_SECONDS="300")
    assert "reasons" not in here.status()
    assert here.replica.process is not None
    here.replica.process.terminate()
    until(lambda: not here.status()["ready"], "the gateway drains", 30)
    found = here.status()
    assert (found["checks"], found["reasons"]) == (WELL, ["stopping"])


def test_a_store_that_has_to_be_authorized_again_is_counted(direct: Replicas, amazon: Amazon) -> None:
    """And the notices of its consent and of its end, while the webhook does not take them."""
    webhook = {"GATEWAY_WEBHOOK_URL": "http://127.0.0.1:9/none", "GATEWAY_WEBHOOK_SECRET": "a-secret-of-ours"}
    here = place(direct, **webhook)
    authorize(here.replica, here.replica.key())
    amazon.control("revoke", {"sellerId": SELLER})
    here.refuse()
    found = here.status()
    assert found["ready"] is True
    assert found["attention"] == {"needsReauthorization": 1, "noticesWaiting": 2}


def test_an_application_that_amazon_refuses_is_named(direct: Replicas, amazon: Amazon) -> None:
    """With the reason; the other application is not."""
    here = place(direct)
    authorize(here.replica, here.replica.key())
    amazon.control("apps", {"clientId": amazon.spapi["clientId"], "secretRefused": True})
    here.refuse()
    assert here.status()["attention"] == {"suspendedApps": {"spapi": "invalid_client"}}


def test_what_ends_soon_is_counted(direct: Replicas) -> None:
    """An authorization that ends within 30 days, and a client secret in its last 30 of 180 days."""
    since = datetime.datetime.now(datetime.UTC).date() - 170 * DAY
    here = place(direct, SPAPI_CLIENT_SECRET_SINCE=since.isoformat())
    authorize(here.replica, here.replica.key())
    ends_at = (datetime.datetime.now(datetime.UTC) + 20 * DAY).timestamp()
    with closing(sqlite3.connect(here.house.data_dir / "vault.db")) as connection:
        connection.execute("UPDATE grants SET authorization_expires_at = ?", [int(ends_at)])
        connection.commit()
    found = here.status()["attention"]
    secret = found["clientSecrets"][0]
    assert 170 <= secret.pop("ageDays") <= 171  # it may be midnight
    assert found == {
        "authorizationsEnding": 1,
        "clientSecrets": [
            {"warning": "client_secret_ends", "application": "spapi", "endsAfterDays": 180},
        ],
    }
    listed = here.house.good("authorized_stores.py")
    assert [each["warning"] for each in listed["warnings"]] == ["client_secret_ends"]
    assert [each["warning"] for each in listed["stores"][0]["warnings"]] == ["authorization_ends"]


def test_a_database_that_does_not_answer_is_told(direct: Replicas, postgresql: PostgreSQL) -> None:
    """It runs and is not ready; and it is again when the database is back."""
    here = place(direct, database=direct.database_url)
    assert here.status()["ready"] is True
    postgresql.stop()
    try:
        found = here.status()
        assert (found["running"], found["ready"]) == (True, False)
        assert found["checks"] == {
            "database": False,
            "writable": False,
            "masterKey": True,
            "applications": True,
        }
        assert "attention" not in found
    finally:
        postgresql.start()
    until(lambda: here.replica.status("/readyz") == 200, "it is ready again")
    assert here.status()["ready"] is True


def test_on_another_address_of_the_machine_it_tells_the_same(direct: Replicas) -> None:
    """As replicas behind a load balancer listen; the scripts there reach it, and others need a key."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address = probe.getsockname()[0]
    public = {"GATEWAY_PUBLIC_URL": "https://gateway.example.com", "SPAPI_CLIENT_SECRET_SINCE": "2020-01-01"}
    here = place(direct, "--host", address, **public)
    assert address in here.replica.url
    found = here.status()
    assert (found["ready"], found["checks"]) == (True, WELL)
    assert found["attention"]["clientSecrets"][0]["application"] == "spapi"
    assert here.replica.status("/metrics") == 401
    assert here.house.good("authorized_stores.py")["total"] == 0
