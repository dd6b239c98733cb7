"""A seller's store from nothing to a token in use, through real processes."""

import json
import sys

import pytest
from linkfox_client.local.sandbox_browser import give_consent

from tests.support.house import House

SAY_WHAT_CAME = (
    "import json, os; from urllib.request import Request, urlopen;"
    " address = os.environ['AMAZON_SPAPI_ENDPOINT'] + '/sellers/v1/marketplaceParticipations';"
    " headers = {'x-amz-access-token': os.environ['AMAZON_ACCESS_TOKEN'], 'User-Agent': 'test'};"
    " print(json.dumps({'length': len(os.environ['AMAZON_ACCESS_TOKEN']),"
    " 'amazon': urlopen(Request(address, headers=headers)).status,"
    " 'sandbox': os.environ['AMAZON_SANDBOX'],"
    " 'expires': os.environ['AMAZON_TOKEN_EXPIRES_AT'],"
    " 'key': 'LINKFOX_AGENT_API_KEY' in os.environ}))"
)


def authorize(house: House, name: str, region: str = "NA", *more: str, **choices: str) -> dict:
    """Authorize a store by clicking through the stand-in's page; answers the followed attempt."""
    link = house.good("authorize_url.py", "--seller-name", name, "--region", region, *more)
    page = give_consent(link["authorizeUrl"], dict(choices))
    assert page.status == 200, page.text
    follow = ["--authorization-id", link["authorizationId"], "--wait", "60"]
    return house.good("authorize_url.py", *follow)


@pytest.fixture(scope="module")
def store(house: House) -> dict:
    """One authorized store that the tests of this module share."""
    return authorize(house, "我的店铺 ☕")["store"]


def test_the_list_shows_the_store_under_the_name_that_the_person_gave(house: House, store: dict) -> None:
    """A Chinese name with an emoji comes back as it went in."""
    listed = house.good("authorized_stores.py")
    mine = [entry for entry in listed["stores"] if entry["sellerId"] == store["sellerId"]]
    assert [entry["sellerName"] for entry in mine] == ["我的店铺 ☕"]
    assert mine[0]["status"] == "authorized"
    assert listed["sandbox"] is True


def test_the_token_is_masked_in_the_document_and_whole_for_the_child(house: House, store: dict) -> None:
    """The document shows ten characters; the command under with_token.py gets all of it and no API key."""
    which = ["--seller-id", store["sellerId"], "--region", store["region"]]
    document = house.good("store_tokens.py", *which)
    assert document["accessToken"].startswith("Atza|")
    assert document["accessToken"].endswith("...")
    assert len(document["accessToken"]) == 13
    done = house.script("with_token.py", *which, "--", sys.executable, "-c", SAY_WHAT_CAME)
    child = json.loads(done.stdout)
    assert child["length"] > 100
    assert child["key"] is False
    assert (child["amazon"], child["sandbox"]) == (200, "1")
    assert child["expires"] == document["expiresAt"]


def test_the_exit_code_of_the_command_passes_through(house: House, store: dict) -> None:
    """with_token.py is out of the way once its command runs."""
    which = ["--seller-id", store["sellerId"], "--region", store["region"]]
    done = house.script("with_token.py", *which, "--", sys.executable, "-c", "raise SystemExit(41)")
    assert (done.code, done.stdout) == (41, "")


def test_a_refresh_asks_amazon_once_and_changes_the_token(house: House, store: dict) -> None:
    """refresh_token.py makes one call to the token endpoint, and the next look gives what it brought."""
    which = ["--seller-id", store["sellerId"], "--region", store["region"]]
    house.sandbox("ledger/reset", {})
    refreshed = house.good("refresh_token.py", *which)
    calls = [call for call in house.sandbox("ledger")["calls"] if call.get("grantType") == "refresh_token"]
    assert len(calls) == 1
    assert 3500 < refreshed["expiresIn"] <= 3600
    read = house.good("store_tokens.py", *which)
    assert read["expiresAt"] == refreshed["expiresAt"]
    assert read["sellerName"] == refreshed["sellerName"] == store["sellerName"], "whose token it is"


def test_authorizing_again_keeps_the_record_and_replaces_the_tokens(house: House, store: dict) -> None:
    """The same seller coming back keeps its authRecordId, and there is still one row."""
    which = ["--seller-id", store["sellerId"], "--region", store["region"]]
    before = house.good("store_tokens.py", *which)
    again = authorize(house, "Renamed", "NA", "--seller-id", store["sellerId"])
    after = house.good("store_tokens.py", *which)
    assert after["authRecordId"] == before["authRecordId"]
    listed = house.good("authorized_stores.py")["stores"]
    same = [entry for entry in listed if entry["sellerId"] == store["sellerId"]]
    assert [entry["sellerName"] for entry in same] == ["Renamed"]
    assert again["state"] == "authorized"


def test_india_asked_for_under_the_far_east_is_kept_under_europe(house: House) -> None:
    """Amazon serves India from EU; the result says so."""
    link = house.good("authorize_url.py", "--seller-name", "IN", "--region", "FE", "--marketplace", "IN")
    assert "sellercentral.amazon.in" in link["authorizeUrl"]
    assert any("EU" in note for note in link["notes"])


def test_all_answers_every_store_and_the_exit_code_of_the_first_failure(house: House, store: dict) -> None:
    """A store that does not exist for the caller is no reason to lose the others."""
    every = house.good("store_tokens.py", "--all")
    assert every["failed"] == 0
    assert store["sellerId"] in [entry["sellerId"] for entry in every["stores"]]
    assert all(entry["accessToken"].endswith("...") for entry in every["stores"])
