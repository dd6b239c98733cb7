"""Authorizing an ads account, and what it covers."""

import pytest

from tests.support.gateway_server import Gateway, text_of

BEYOND_FLOAT = 9007199254740993


def test_an_account_is_authorized_and_its_profiles_are_listed(gateway: Gateway) -> None:
    """All three hosts are asked; each profile has its site, its region and its account."""
    ended = gateway.authorize_account(accountName="Brands", region="EU")
    assert (ended["state"], ended["profileSync"]) == ("authorized", "ok")
    listed = gateway.good("/amazonAds/authorizedStores")
    assert listed["total"] == len(listed["stores"]) == 8
    assert {store["region"] for store in listed["stores"]} == {"NA", "EU", "FE"}
    by_country = {store["countryCode"]: store for store in listed["stores"]}
    assert by_country["JP"]["profileId"] == BEYOND_FLOAT
    assert "UK" in by_country
    assert "GB" not in by_country
    assert {store["accountName"] for store in listed["stores"]} == {"Brands"}
    assert by_country["US"]["accountNames"] == ["Brands"]
    assert by_country["US"]["authRecordId"] == ended["account"]["authRecordId"]
    for field in ("accountInfoId", "accountInfoName", "accountType", "marketplaceStringId", "status"):
        assert by_country["US"][field]


def test_profiles_carry_currency_budget_and_time_zone(gateway: Gateway) -> None:
    """A vendor's profile has no budget."""
    gateway.authorize_account("SANDBOX_BRANDS")
    gateway.authorize_account("SANDBOX_PARTNERS")
    listed = gateway.good("/amazonAds/profiles")
    assert listed["refreshed"] is False
    by_type = {profile["accountInfoType"]: profile for profile in listed["profiles"]}
    assert by_type["seller"]["dailyBudget"] is not None
    assert by_type["vendor"]["dailyBudget"] is None
    assert by_type["seller"]["currencyCode"]
    assert by_type["seller"]["timezone"]


def test_an_account_without_profiles_is_authorized_and_says_what_to_do(gateway: Gateway) -> None:
    """The missing manager account: told in the status, on the page and in the list."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Newcomer"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_EMPTY")
    _, page = gateway.open(back)
    assert "Manager accounts" in text_of(page)
    status = gateway.status("ads", begun["authorizationId"])
    assert (status["state"], status["profileSync"]) == ("authorized", "profile_sync_failed")
    assert status["reason"] == "profile_sync_failed"
    assert "Manager accounts" in status["hint"]
    listed = gateway.good("/amazonAds/authorizedStores")
    assert listed["stores"] == []
    (bare,) = listed["accountsWithoutProfiles"]
    assert bare["accountName"] == "Newcomer"
    tokens = gateway.good("/amazonAds/storeTokens", {"authRecordId": bare["authRecordId"]})
    assert tokens["clientId"] == gateway.amazon.ads["clientId"]


def test_profiles_can_be_read_later(gateway: Gateway) -> None:
    """Once the manager account is linked, a refresh of the list finds them."""
    gateway.authorize_account("SANDBOX_EMPTY")
    nothing = gateway.good("/amazonAds/profiles", {"refresh": True})
    assert (nothing["refreshed"], nothing["total"]) == (True, 0)
    gateway.amazon.control(
        "advertisers",
        [{"advertiserId": "SANDBOX_EMPTY", "name": "Newcomer", "profiles": [{"countryCode": "US"}]}],
    )
    listed = gateway.good("/amazonAds/profiles", {"refresh": True})
    assert (listed["refreshed"], listed["total"]) == (True, 1)


def test_a_region_that_cannot_be_asked_keeps_its_profiles(gateway: Gateway) -> None:
    """One host being down does not make a third of the profiles disappear."""
    gateway.authorize_account()
    gateway.amazon.fault({"status": 503}, times=None, host="advertising-api-eu.amazon.com")
    listed = gateway.good("/amazonAds/profiles", {"refresh": True})
    assert listed["refreshed"] is False
    assert listed["failures"][0]["reason"] == "amazon_failed"
    assert {profile["region"] for profile in listed["profiles"]} == {"NA", "EU", "FE"}


@pytest.mark.parametrize(
    "body", ["<html>", "{}", "null", '[{"profileId": "1"}, {"profileId": true, "countryCode": "US"}, 7]']
)
def test_an_answer_that_is_no_list_of_profiles_brings_none(gateway: Gateway, body: str) -> None:
    """The authorization stands whatever the Ads API sends."""
    gateway.amazon.fault({"status": 200, "body": body}, times=None, path="/v2/profiles")
    ended = gateway.authorize_account()
    assert (ended["state"], ended["profileSync"]) == ("authorized", "incomplete")


@pytest.mark.parametrize("budget", ["1e999", "-1e999", "9" * 400, '"12"', "true", "null"])
def test_a_budget_that_is_no_number_is_none(gateway: Gateway, budget: str) -> None:
    """An infinity in the list would not be JSON, which nobody could read."""
    body = f'[{{"profileId": 7, "countryCode": "US", "dailyBudget": {budget}}}]'
    gateway.amazon.fault({"status": 200, "body": body}, times=None, path="/v2/profiles")
    gateway.authorize_account()
    listed = gateway.good("/amazonAds/profiles")["profiles"]
    assert [profile["dailyBudget"] for profile in listed] == [None]


def test_a_profile_under_two_authorizations_is_listed_once(gateway: Gateway) -> None:
    """Its name is the newest healthy one's, and all names are told."""
    first = gateway.authorize_account(accountName="First")["account"]
    gateway.clock.step(60)
    second = gateway.authorize_account(accountName="Second")["account"]
    listed = gateway.good("/amazonAds/authorizedStores")
    assert listed["total"] == 8
    assert {store["accountName"] for store in listed["stores"]} == {"Second"}
    assert all(set(store["accountNames"]) == {"First", "Second"} for store in listed["stores"])
    for store in listed["stores"]:
        named = dict(zip(store["accountNames"], store["authRecordIds"], strict=True))
        assert named == {"First": first["authRecordId"], "Second": second["authRecordId"]}
    profile_id = listed["stores"][0]["profileId"]
    by_profile = gateway.good("/amazonAds/storeTokens", {"profileId": str(profile_id)})
    assert by_profile["authRecordId"] == second["authRecordId"]
    older = gateway.good("/amazonAds/storeTokens", {"authRecordId": first["authRecordId"]})
    assert older["accessToken"] != by_profile["accessToken"]


def test_the_newest_healthy_one_is_taken(gateway: Gateway) -> None:
    """An authorization that was revoked no longer stands for its profiles."""
    first = gateway.authorize_account(accountName="First")["account"]
    gateway.clock.step(60)
    second = gateway.authorize_account(accountName="Second")["account"]
    gateway.amazon.fault({"status": 400, "body": '{"error": "invalid_grant"}'}, grantType="refresh_token")
    gateway.bad("/amazonAds/refreshToken", {"authRecordId": second["authRecordId"]}, status=409)
    stores = gateway.good("/amazonAds/authorizedStores")["stores"]
    assert {store["authRecordId"] for store in stores} == {first["authRecordId"]}
    assert {tuple(store["accountNames"]) for store in stores} == {("First", "Second")}


def test_authorizing_an_account_again_keeps_its_record(gateway: Gateway) -> None:
    """By its name, or by its authRecordId, under which it can be renamed."""
    first = gateway.authorize_account(accountName="Brands")["account"]
    by_name = gateway.authorize_account(accountName="Brands")["account"]
    by_record = gateway.authorize_account(accountName="New name", authRecordId=first["authRecordId"])[
        "account"
    ]
    assert first["authRecordId"] == by_name["authRecordId"] == by_record["authRecordId"]
    assert by_record["accountName"] == "New name"


@pytest.mark.parametrize("more", [{}, {"region": "EU"}])
def test_only_an_account_of_ones_own_is_authorized_again(gateway: Gateway, more: dict[str, str]) -> None:
    """Whether a region is named or not, for an unknown id and another user's alike."""
    gateway.add_user("ben")
    bens = gateway.authorize_account(user="ben")["account"]["authRecordId"]
    for record_id in (bens, 7):
        body = {"accountName": "Brands", "authRecordId": record_id, **more}
        assert gateway.bad("/amazonAds/authorizeUrl", body, status=404)["reason"] == "not_found"


def test_an_account_that_was_removed_meanwhile_is_not_made_anew(gateway: Gateway) -> None:
    """Nor does another of that name take its place: the attempt fails and says why."""
    gone = gateway.authorize_account(accountName="Gone")["account"]["authRecordId"]
    body = {"accountName": "Brands", "authRecordId": gone}
    link = gateway.good("/amazonAds/authorizeUrl", body)
    gateway.good("/amazonAds/removeAccount", {"authRecordId": gone})
    other = {"authRecordId": gateway.authorize_account(accountName="Brands")["account"]["authRecordId"]}
    before = gateway.good("/amazonAds/storeTokens", other)["accessToken"]
    back = gateway.amazon.consent(link["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_EMPTY")
    _, page = gateway.open(back)
    assert "has been removed" in page.text
    status = gateway.status("ads", link["authorizationId"])
    assert (status["state"], status["reason"]) == ("failed", "removed_meanwhile")
    assert gateway.good("/amazonAds/storeTokens", other)["accessToken"] == before
    assert len(gateway.vault.grants.of_user(1, "ads")) == 1


@pytest.mark.parametrize(
    ("region", "host", "token_host"),
    [
        ("NA", "www.amazon.com", "api.amazon.com"),
        ("EU", "eu.account.amazon.com", "api.amazon.co.uk"),
        ("FE", "apac.account.amazon.com", "api.amazon.co.jp"),
    ],
)
def test_an_account_is_authorized_at_its_region(
    gateway: Gateway, region: str, host: str, token_host: str
) -> None:
    """Consent page and token endpoint are the region's, at the exchange and at a refresh."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Account", "region": region})
    assert begun["sourceType"] == "amazon_ads"
    assert begun["authorizeUrl"].startswith(f"{gateway.amazon.url}/{host}/ap/oa?")
    gateway.open(
        gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    )
    record_id = gateway.status("ads", begun["authorizationId"])["account"]["authRecordId"]
    gateway.good("/amazonAds/refreshToken", {"authRecordId": record_id})
    calls = gateway.amazon.calls(path="/auth/o2/token")
    assert [call["grantType"] for call in calls] == ["authorization_code", "refresh_token"]
    assert {call["host"] for call in calls} == {token_host}
