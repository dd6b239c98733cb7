"""Published skills against this gateway: their address is changed and nothing else.

Each skill is a process of its own (tests/journeys/downstream), which makes one attempt at everything.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.local.sandbox_browser import give_consent

from tests.support.house import House, clean_environment

SKILLS = Path(__file__).parent / "downstream"
PATIENCE = 60


def run_skill(house: House, name: str, *arguments: str, key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Run a skill with the gateway's address and a key; return its exit code and document."""
    environment = clean_environment(
        house.home, LINKFOX_TOOL_GATEWAY=house.url, LINKFOX_AGENT_API_KEY=key or house.api_key()
    )
    done = subprocess.run(
        [sys.executable, str(SKILLS / f"{name}.py"), *arguments],
        env={**environment, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def store(house: House) -> dict[str, Any]:
    """A store, authorized through its link."""
    return house.authorize("A1SANDBOXNA002", "我的店铺 ☕")


@pytest.fixture(scope="module")
def account(house: House) -> dict[str, Any]:
    """An ads account, authorized through its link."""
    link = house.post("/amazonAds/authorizeUrl", {"accountName": "Brand", "region": "NA"})
    give_consent(link["authorizeUrl"], {})
    return house.ended(link["authorizationId"], "/amazonAds")["account"]


def test_a_report_from_the_list_to_the_download(house: House, store: dict[str, Any]) -> None:
    """List, storeTokens, create, poll, document, download: a table of 500 rows."""
    code, document = run_skill(house, "listings_report", "我的店铺 ☕")
    assert code == 0, document
    assert document["polled"] == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    assert document["header"][0] == "seller-sku"
    assert document["rows"] == 500


def test_orders_page_by_page(house: House, store: dict[str, Any]) -> None:
    """A NextToken that needs encoding leads through all of them."""
    code, document = run_skill(house, "orders", store["sellerId"], "NA")
    assert (code, document) == (0, {"orders": 45, "different": 45})


def test_campaigns_page_by_page(house: House, account: dict[str, Any]) -> None:
    """From a profile to its token to its campaigns, on the host of its region."""
    for country, region in (("US", ""), ("DE", "-eu"), ("JP", "-fe")):
        house.sandbox("ledger/reset", {})
        code, document = run_skill(house, "campaigns", country)
        assert code == 0, document
        assert (document["pages"], document["campaigns"], document["total"]) == (3, 25, 25)
        assert f"({country}) ☕" in document["first"]
        hosts = {call["host"] for call in house.sandbox("ledger")["calls"] if call["path"].startswith("/sp/")}
        assert hosts == {f"advertising-api{region}.amazon.com"}


def test_an_ads_report_from_the_profile_to_the_download(house: House, account: dict[str, Any]) -> None:
    """Asked for twice, Amazon names the first one; polled and downloaded, it has a row a campaign."""
    code, document = run_skill(house, "ads_report", "DE")
    assert code == 0, document
    assert (document["again"], document["sameReport"]) == (425, True)
    assert document["polled"] == ["PROCESSING", "COMPLETED"]
    assert (document["rows"], "(DE) ☕" in document["first"]) == (25, True)


def test_a_skill_of_somebody_else_finds_nothing(house: House, store: dict[str, Any], tmp_path: Path) -> None:
    """Another user's key: the store of the first does not exist."""
    file = tmp_path / "berta.key"
    house.good("local_gateway.py", "add-user", "berta", "--key-file", str(file))
    key = file.read_text(encoding="utf-8").strip()
    code, document = run_skill(house, "orders", store["sellerId"], "NA", key=key)
    assert code == 1
    assert (document["error"]["httpError"], document["error"]["errcode"]) == (404, 1004)


def test_a_skill_learns_why_a_revoked_store_does_not_answer(house: House) -> None:
    """The envelope has the errcode and a sentence, as the hosted gateway's has."""
    house.authorize("A1SANDBOXWORLD", "Gone")
    house.sandbox("revoke", {"sellerId": "A1SANDBOXWORLD"})
    for _ in range(2):
        code, document = run_skill(house, "orders", "A1SANDBOXWORLD", "NA")
        assert code == 1
        assert document["error"]["errcode"] == 1003
        assert "revoked" in document["error"]["errmsg"]
    assert document["error"]["httpError"] == 409
