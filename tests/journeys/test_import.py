"""A self-authorized store and account, in and out again; and a consent whose browser never arrives."""

from pathlib import Path

from tests.support.consent import consent
from tests.support.house import House

STORE = ("--seller-id", "A1SANDBOXNA002", "--region", "NA")


def refresh_token(house: House, **which: str) -> str:
    """A token that was made in Amazon's console."""
    return house.sandbox("grants", [which])["grants"][0]["refreshToken"]


def test_a_store_goes_in_and_out(house: House) -> None:
    """Imported from standard input, listed, refreshed, removed."""
    token = refresh_token(house, sellerId="A1SANDBOXNA002", region="NA")
    done = house.script("import_store.py", *STORE, "--seller-name", "我的店铺 ☕", stdin=token + "\n")
    assert done.code == 0, done.stdout
    assert token not in done.stdout + done.stderr
    assert (done.document["sellerName"], done.document["status"]) == ("我的店铺 ☕", "authorized")
    listed = house.good("authorized_stores.py")["stores"]
    assert [entry["sellerId"] for entry in listed if entry["sellerName"] == "我的店铺 ☕"] == [
        "A1SANDBOXNA002"
    ]
    assert house.good("refresh_token.py", *STORE)["expiresIn"] > 3500
    assert house.script("remove_store.py", *STORE).code == 2
    assert house.good("remove_store.py", *STORE, "--yes")["removed"] is True
    again = house.script("remove_store.py", *STORE, "--yes")
    assert (again.code, again.error["code"]) == (5, "not_found")
    assert house.script("store_tokens.py", *STORE).code == 5


def test_an_account_goes_in_and_out(house: House, tmp_path: Path) -> None:
    """Imported from a private file, with its profiles; removed by its number."""
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(refresh_token(house, advertiserId="SANDBOX_PARTNERS"))
    which = ("--account-name", "Partner", "--region", "NA", "--token-file", str(file))
    imported = house.good("ads_import_account.py", *which)
    assert [profile["countryCode"] for profile in imported["profiles"]] == ["US"]
    profile = house.good("ads_resolve_profile.py", "--site", "US", "--account", "Partner")
    assert profile["authRecordId"] == imported["authRecordId"]
    number = str(imported["authRecordId"])
    assert house.good("ads_remove_account.py", "--auth-record-id", number, "--yes")["removed"] is True
    assert house.script("ads_resolve_profile.py", "--site", "US", "--account", "Partner").code == 5


def test_a_revoked_token_is_refused_and_the_store_that_is_there_goes_on(house: House) -> None:
    """With the reason of the table."""
    good = refresh_token(house, sellerId="A1SANDBOXWORLD", region="NA")
    which = ("--seller-id", "A1SANDBOXWORLD", "--region", "NA")
    assert house.script("import_store.py", *which, "--seller-name", "World", stdin=good).code == 0
    refused = house.script("import_store.py", *which, "--seller-name", "W", stdin="Atzr|" + "x" * 300)
    assert (refused.code, refused.error["code"]) == (6, "authorization_failed")
    assert "not imported" in refused.error["message"]
    assert house.good("refresh_token.py", *which)["sellerId"] == "A1SANDBOXWORLD"


def test_a_consent_is_completed_by_its_address(house: House) -> None:
    """For a store and for an account; a second time the same address is used up."""
    link = house.good("authorize_url.py", "--seller-name", "Remote", "--region", "EU")
    address = consent(link["authorizeUrl"], selling_partner_id="A1SANDBOXEU001")
    done = house.script("complete_authorization.py", stdin=address)
    assert (done.code, done.document["state"]) == (0, "authorized")
    assert done.document["store"]["sellerId"] == "A1SANDBOXEU001"
    assert house.script("complete_authorization.py", stdin=address).code == 6
    link = house.good("ads_authorize_url.py", "--account-name", "Remote")
    address = consent(link["authorizeUrl"], advertiser_id="SANDBOX_BRANDS")
    done = house.script("ads_complete_authorization.py", stdin=address)
    assert (done.code, done.document["profileSync"]) == (0, "ok")
