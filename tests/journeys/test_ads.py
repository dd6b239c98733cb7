"""An ads account from nothing to a token in use, through real processes."""

import json
import sys

import pytest
from linkfox_client.local.sandbox_browser import give_consent

from tests.support.house import House


def authorize(house: House, name: str, region: str = "NA", button: str = "confirm", **choices: str) -> dict:
    """Authorize an ads account by clicking through the stand-in's page; answers how it ended."""
    link = house.good("ads_authorize_url.py", "--account-name", name, "--region", region)
    give_consent(link["authorizeUrl"], dict(choices), button)
    return house.ended(link["authorizationId"], "/amazonAds")


@pytest.fixture(scope="module")
def account(house: House) -> dict:
    """One authorized account that the tests of this module share."""
    ended = authorize(house, "Brand One")
    assert ended["state"] == "authorized", ended
    assert ended["profileSync"] == "ok"
    return ended["account"]


def test_one_consent_brings_the_profiles_of_all_three_regions(house: House, account: dict) -> None:
    """A token from one region serves all three hosts, so all three were asked."""
    listed = house.good("ads_profiles.py")
    assert {profile["region"] for profile in listed["profiles"]} == {"NA", "EU", "FE"}
    assert listed["refreshed"] is False


def test_the_site_in_words_leads_to_the_profile_and_its_token(house: House, account: dict) -> None:
    """`US` and `美国` name the same profile, and its token reaches a child with the client id."""
    profile = house.good("ads_resolve_profile.py", "--site", "US")
    assert house.good("ads_resolve_profile.py", "--site", "美国")["profileId"] == profile["profileId"]
    code = (
        "import json, os; print(json.dumps([os.environ['AMAZON_ADS_PROFILE_ID'],"
        " bool(os.environ['AMAZON_ADS_CLIENT_ID']), len(os.environ['AMAZON_ACCESS_TOKEN']) > 100]))"
    )
    done = house.script(
        "with_token.py", "--profile-id", str(profile["profileId"]), "--", sys.executable, "-c", code
    )
    assert json.loads(done.stdout) == [str(profile["profileId"]), True, True]


def test_a_second_account_makes_the_site_alone_ambiguous(house: House, account: dict) -> None:
    """Two accounts with a US profile: the candidates are named, nothing is guessed."""
    ended = authorize(house, "Brand Two")
    assert ended["state"] == "authorized"
    done = house.script("ads_resolve_profile.py", "--site", "UK", "--account", "Brand Two")
    assert done.code == 0
    # The same advertiser under two names: each profile is listed once, under both.
    profiles = house.good("ads_profiles.py")["profiles"]
    assert len({profile["profileId"] for profile in profiles}) == len(profiles)


def test_a_refusal_is_told_as_denied(house: House) -> None:
    """Cancel on Amazon's ads page comes back as access_denied and exit code 4."""
    link = house.good("ads_authorize_url.py", "--account-name", "Refused")
    page = give_consent(link["authorizeUrl"], None, "cancel")
    assert "refused" in page.text.lower()
    done = house.script("ads_authorize_url.py", "--authorization-id", link["authorizationId"], "--wait", "60")
    assert (done.code, done.error["code"]) == (4, "denied")


def test_an_account_without_profiles_stands_and_names_the_remedy(house: House) -> None:
    """profile_sync_failed: the authorization is kept, and the manager account is named as the remedy."""
    advertisers = house.sandbox("state")["advertisers"]
    empty = next(one for one in advertisers if not one["profiles"])
    ended = authorize(house, "Empty", advertiser_id=empty["advertiserId"])
    assert ended["state"] == "authorized"
    assert ended["profileSync"] == "profile_sync_failed"
    assert "manager" in ended["hint"].lower()
