"""Two users of one real gateway: neither sees, gets, completes or removes anything of the other's."""

import json
from pathlib import Path

import pytest
from linkfox_client.local.sandbox_browser import give_consent

from tests.support.consent import consent
from tests.support.house import House

STORE = ("--seller-id", "A1SANDBOXNA001", "--region", "NA")


@pytest.fixture(scope="module")
def guest(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a second user; the first one has a store and an account."""
    house.authorize("A1SANDBOXNA001", "Owner's")
    link = house.good("ads_authorize_url.py", "--account-name", "Owner's")
    give_consent(link["authorizeUrl"])
    house.ended(link["authorizationId"], "/amazonAds")
    path: Path = tmp_path_factory.mktemp("guest") / "guest.key"
    house.good("local_gateway.py", "add-user", "guest", "--key-file", str(path))
    return {"LINKFOX_TOOL_GATEWAY": house.url, "LINKFOX_AGENT_API_KEY": path.read_text().strip()}


def test_lists_hold_nothing_of_anothers(house: House, guest: dict[str, str]) -> None:
    """Stores, accounts, profiles."""
    for script in ("authorized_stores.py", "ads_authorized_stores.py", "ads_profiles.py"):
        assert house.good(script)["total"] > 0
        assert house.good(script, **guest)["total"] == 0


def test_what_is_anothers_is_not_found(house: House, guest: dict[str, str]) -> None:
    """In the same words as what does not exist."""
    account = house.good("ads_authorized_stores.py")["stores"][0]
    attempt = house.good("authorize_url.py", "--seller-name", "X", "--region", "NA")["authorizationId"]
    record, profile = str(account["authRecordId"]), str(account["profileId"])
    for script, foreign, unknown in (
        ("store_tokens.py", STORE, ("--seller-id", "NOBODY", "--region", "NA")),
        ("refresh_token.py", STORE, ("--seller-id", "NOBODY", "--region", "NA")),
        ("remove_store.py", (*STORE, "--yes"), ("--seller-id", "NOBODY", "--region", "NA", "--yes")),
        ("ads_store_tokens.py", ("--profile-id", profile), ("--profile-id", "7")),
        ("ads_refresh_token.py", ("--auth-record-id", record), ("--auth-record-id", "7")),
        ("ads_remove_account.py", ("--auth-record-id", record, "--yes"), ("--auth-record-id", "7", "--yes")),
        ("authorize_url.py", ("--authorization-id", attempt), ("--authorization-id", "A" * 22)),
    ):
        answers = [house.script(script, *words, **guest) for words in (foreign, unknown)]
        told = []
        for answer in answers:
            assert (answer.code, answer.error["code"]) == (5, "not_found"), script
            error = dict(answer.error)
            error.pop("requestId")
            told.append(json.dumps(error))
        assert told[0] == told[1], script


def test_anothers_consent_cannot_be_completed(house: House, guest: dict[str, str]) -> None:
    """And is still the owner's to complete."""
    link = house.good("authorize_url.py", "--seller-name", "Mine", "--region", "NA")
    address = consent(link["authorizeUrl"], selling_partner_id="A1SANDBOXNA002")
    assert house.script("complete_authorization.py", stdin=address, **guest).code == 5
    assert house.script("complete_authorization.py", stdin=address).code == 0
