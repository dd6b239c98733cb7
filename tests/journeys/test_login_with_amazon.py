"""A program that knows Login with Amazon alone, with nothing but requests, beside real gateway processes."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from tests.support.gateway_process import SELLER, Place, Process, a_place, authorize
from tests.support.gateway_server import Amazon, http
from tests.support.house import PATIENCE, until
from tests.support.postgresql import PostgreSQL

pytestmark = pytest.mark.skipif(os.name == "nt", reason="ends processes by signals of POSIX")

HANDLE = f"store:{SELLER}:NA"


def ask(url: str, key: str, handle: str = HANDLE) -> requests.Response:
    """Ask for a token as a program does that takes a passing failure for what it is."""
    again = Retry(total=60, backoff_factor=0.05, backoff_max=1, status_forcelist=[503], allowed_methods=None)
    with http() as session:
        session.mount("http://", HTTPAdapter(max_retries=again))
        fields = {"grant_type": "refresh_token", "client_id": "any", "client_secret": key}
        return session.post(
            f"{url}/auth/o2/token", data={**fields, "refresh_token": handle}, timeout=PATIENCE
        )


def token(gateway: Process, key: str) -> dict[str, Any]:
    """What it is answered."""
    answer = ask(gateway.url, key)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_program_goes_on_while_its_gateway_restarts(amazon: Amazon, place: Place) -> None:
    """It comes back on the same port: no call fails, and one refresh serves them all; also after a kill."""
    gateway = place.start()
    authorize(amazon, gateway)
    key, port = gateway.key, str(urlsplit(gateway.url).port)
    first = token(gateway, key)
    assert first["expires_in"] > 3250
    stand_in = ask(gateway.url, key, f"proxy:{HANDLE}").json()["access_token"]
    for how in (signal.SIGTERM, signal.SIGKILL):
        with ThreadPoolExecutor(4) as pool:
            gateway.signal(how)
            gateway.process.wait(PATIENCE)
            asked = [pool.submit(token, gateway, key) for _ in range(4)]
            gateway = place.start("--port", port)
            assert {each.result()["access_token"] for each in asked} == {first["access_token"]}
    assert len(amazon.refreshes()) == 1
    headers = {"x-amz-access-token": stand_in}
    address = f"{gateway.url}/spapi/na/sellers/v1/marketplaceParticipations"
    with http() as session:
        called = session.get(address, headers=headers)
    assert called.status_code == 200


def test_a_program_is_told_of_a_revocation_and_goes_on_afterwards(amazon: Amazon, place: Place) -> None:
    """As Login with Amazon tells it, with the address at which a person authorizes the store again."""
    gateway = place.running()
    authorize(amazon, gateway)
    amazon.control("revoke", {"sellerId": SELLER})
    refused = ask(gateway.url, gateway.key)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    link = refused.json()["error_description"].rpartition(" ")[2]
    back = amazon.consent(link, decision="confirm", selling_partner_id=SELLER)
    with http() as session:
        assert session.get(back, allow_redirects=False).status_code == 303
    until(lambda: ask(gateway.url, gateway.key).status_code == 200, "the store is authorized again")


def test_a_program_may_come_to_either_replica(amazon: Amazon, tmp_path: Path, postgresql: PostgreSQL) -> None:
    """On one PostgreSQL: twenty callers at once have the one new token, and Amazon is asked once."""
    url = postgresql.migrated_database()
    with (
        a_place(amazon, tmp_path / "one", GATEWAY_DATABASE_URL=url) as first,
        a_place(amazon, tmp_path / "two", GATEWAY_DATABASE_URL=url) as second,
    ):
        gateways = [first.start(), second.start()]
        key = gateways[0].key
        authorize(amazon, gateways[0])
        amazon.fault({"delayMs": 300}, grantType="refresh_token")
        with ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(token, gateways[number % 2], key) for number in range(20)]
            answers = [each.result() for each in asked]
        assert len({answer["access_token"] for answer in answers}) == 1
        assert len(amazon.refreshes()) == 1
