"""The SP-API refuses the application, as a person at the scripts sees it, in one's own gateway."""

import json
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import House, call_json, open_house, until

SELLER = "A1SANDBOXNA001"
CALL = {
    "region": "NA",
    "sellerId": SELLER,
    "path": "sellers/v1/marketplaceParticipations",
    "method": "GET",
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of its own: its application is at fault in the end."""
    with open_house(tmp_path) as opened:
        yield opened


def call(house: House) -> dict[str, Any]:
    """Call the SP-API through the proxy; the document of a failure is returned, too."""
    try:
        return house.post("/spApi/developerProxy", CALL)
    except urllib.error.HTTPError as error:
        with error:
            return json.loads(error.read())


def listed(house: House) -> str:
    """How the store is listed."""
    return house.good("authorized_stores.py")["stores"][0]["status"]


def attention(house: House) -> dict[str, Any]:
    """What somebody should look after; the gateway looks itself every few seconds."""
    return call_json(house.url + "/readyz").get("attention", {})


def test_scripts_tell_that_the_application_is_at_fault_and_tokens_go_on(house: House) -> None:
    """The list, the doctor and the gateway's status say so; a token is still handed out and refreshed."""
    house.authorize(SELLER)
    (app,) = [each for each in house.sandbox("state")["apps"] if each["flow"] == "spapi"]
    house.sandbox("apps", {"clientId": app["clientId"], "secretExpired": True})
    assert call(house)["reason"] == "suspended_app"

    assert listed(house) == "suspended_app"
    doctor = house.script("doctor.py")
    assert doctor.code != 0
    assert "suspended_app" in doctor.stdout
    expected = {"spapi": "secret_expired"}
    until(lambda: attention(house).get("suspendedApps") == expected, "the gateway has looked")
    status = house.good("local_gateway.py", "status")
    assert status["attention"]["suspendedApps"] == expected
    assert house.good("refresh_token.py", "--seller-id", SELLER)["expiresIn"] > 3000
    assert house.good("store_tokens.py", "--seller-id", SELLER, "--region", "NA")["expiresIn"] > 3000
    assert listed(house) == "suspended_app"
    assert house.log.read_text(encoding="utf-8").count("app_suspended") == 1
