"""`GET /v2/profiles` on the three regional hosts."""

import re

import pytest

from tests.support.advertiser import Advertiser
from tests.support.sandbox_process import SandboxProcess

COUNTRIES = {"": ["US", "CA", "MX"], "-eu": ["UK", "DE", "FR"], "-fe": ["JP", "AU"]}


def access_token(sandbox: SandboxProcess, advertiser_id: str = "SANDBOX_BRANDS") -> str:
    """Return an advertiser's access token."""
    return sandbox.grant(advertiserId=advertiser_id)["accessToken"]


@pytest.mark.parametrize("suffix", COUNTRIES)
def test_each_host_answers_its_own_region(sandbox: SandboxProcess, suffix: str) -> None:
    """One token serves all three hosts; each lists only the profiles of its region, Britain as UK."""
    answer = sandbox.profiles(access_token(sandbox), suffix)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert [profile["countryCode"] for profile in answer.json()] == COUNTRIES[suffix]


def test_profile_has_the_recorded_fields(sandbox: SandboxProcess) -> None:
    """Names and types as in a recorded profile."""
    profile = sandbox.profiles(access_token(sandbox)).json()[0]
    assert list(profile) == [
        "profileId", "countryCode", "currencyCode", "dailyBudget", "timezone", "accountInfo",
    ]  # fmt: skip
    assert isinstance(profile["profileId"], int)
    assert profile["currencyCode"] == "USD"
    assert isinstance(profile["dailyBudget"], float)
    assert profile["timezone"] == "America/Los_Angeles"
    assert profile["accountInfo"] == {
        "marketplaceStringId": "ATVPDKIKX0DER",
        "id": "A1SANDBOXNA001",
        "type": "seller",
        "name": "Sandbox Brands",
    }


def test_vendor_profile_has_no_daily_budget_but_a_payment_method(sandbox: SandboxProcess) -> None:
    """Amazon leaves the one out for vendors, and tells the other of vendors only."""
    (profile,) = sandbox.profiles(access_token(sandbox, "SANDBOX_PARTNERS")).json()
    assert profile["accountInfo"]["type"] == "vendor"
    assert profile["accountInfo"]["validPaymentMethod"] is True
    assert "dailyBudget" not in profile


@pytest.mark.parametrize(
    ("wanted", "types"),
    [
        ("seller", ["seller"]),
        ("vendor", ["vendor"]),
        ("agency", ["agency"]),
        ("seller,vendor", ["seller", "vendor"]),
        ("", ["seller", "vendor", "agency"]),
    ],
)
def test_profiles_can_be_asked_for_by_type(sandbox: SandboxProcess, wanted: str, types: list[str]) -> None:
    """One type or several."""
    profiles = [
        {"countryCode": "US", "profileId": number, "accountType": kind}
        for number, kind in enumerate(("seller", "vendor", "agency"), 1)
    ]
    sandbox.control("advertisers", [{"advertiserId": "MIXED", "name": "Mixed", "profiles": profiles}])
    token = access_token(sandbox, "MIXED")
    answer = sandbox.profiles(token, query=f"?profileTypeFilter={wanted}")
    assert [profile["accountInfo"]["type"] for profile in answer.json()] == types


def test_a_type_that_nobody_knows_is_400(sandbox: SandboxProcess) -> None:
    """It is told, not taken for no filter."""
    answer = sandbox.profiles(access_token(sandbox), query="?profileTypeFilter=buyer")
    assert answer.status_code == 400
    assert "profileTypeFilter" in answer.json()["details"]


def test_one_profile_is_told_by_its_number_on_the_host_of_its_region(advertiser: Advertiser) -> None:
    """As it stands in the list; elsewhere, and for a number of somebody else's, 404."""
    first = advertiser.profiles[0]
    path = f"GET /v2/profiles/{first['profileId']}"
    unscoped = {"Amazon-Advertising-API-Scope": None}
    assert advertiser.call(path, **unscoped).json() == first
    assert advertiser.call(path, suffix="-eu", **unscoped).status_code == 404
    foreign = Advertiser(advertiser.sandbox, "SANDBOX_PARTNERS").scope
    for number in (foreign, "x"):
        answer = advertiser.call(f"GET /v2/profiles/{number}", **unscoped)
        assert answer.status_code == 404
        assert number in answer.json()["details"]


def test_profile_ids_are_integers_beyond_what_a_float_holds(sandbox: SandboxProcess) -> None:
    """One of the samples loses its last digit in a client that reads numbers as floats."""
    (japan, _) = sandbox.profiles(access_token(sandbox), "-fe").json()
    assert int(float(japan["profileId"])) != japan["profileId"]


def test_overlapping_site_of_another_account(sandbox: SandboxProcess) -> None:
    """Two accounts have a profile for the same site, and they are different ones."""
    first = sandbox.profiles(access_token(sandbox)).json()[0]
    second = sandbox.profiles(access_token(sandbox, "SANDBOX_PARTNERS")).json()[0]
    assert first["countryCode"] == second["countryCode"] == "US"
    assert first["profileId"] != second["profileId"]


@pytest.mark.parametrize("suffix", COUNTRIES)
def test_account_without_profiles_gets_an_empty_list(sandbox: SandboxProcess, suffix: str) -> None:
    """A good answer with nothing in it: the manager account is missing."""
    answer = sandbox.profiles(access_token(sandbox, "SANDBOX_EMPTY"), suffix)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer Atza|nonsense"},
        {"Authorization": "Basic x"},
        {"Amazon-Advertising-API-ClientId": ""},
        {"Amazon-Advertising-API-ClientId": "amzn1.application-oa2-client.other"},
    ],
)
def test_bad_token_or_client_is_401(sandbox: SandboxProcess, headers: dict[str, str]) -> None:
    """The body is the one that was seen."""
    answer = sandbox.profiles(access_token(sandbox), **headers)
    assert answer.status_code == 401
    body = answer.json()
    assert (body["code"], body["details"]) == ("401", "Authentication failed")
    assert re.fullmatch(r"[A-Z0-9]{20}", body["requestId"])


def test_expired_and_revoked_tokens_are_401(sandbox: SandboxProcess) -> None:
    """An hour later, after an early end, and after a revocation."""
    token = access_token(sandbox)
    sandbox.control("clock", {"advance": 3600})
    assert sandbox.profiles(token).status_code == 401
    token = access_token(sandbox)
    sandbox.control("expire", {"advertiserId": "SANDBOX_BRANDS"})
    assert sandbox.profiles(token).status_code == 401
    token = access_token(sandbox)
    sandbox.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    assert sandbox.profiles(token).status_code == 401


def test_tokens_of_the_other_flow_are_refused_on_both_sides(sandbox: SandboxProcess) -> None:
    """A store's token is nothing to the Ads API, nor an advertiser's to the Selling Partner API."""
    assert sandbox.profiles(sandbox.grant()["accessToken"]).status_code == 401
    assert sandbox.participations(access_token(sandbox)).status_code == 403


@pytest.mark.parametrize("path", ["foobar", "v2/profiles/", "v2/profiles/1/2"])
def test_unknown_path_is_amazons_404(sandbox: SandboxProcess, path: str) -> None:
    """The captured body names the full address."""
    answer = sandbox.call("GET", f"advertising-api.amazon.com/{path}")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "NOT_FOUND",
        "details": f"Could not find resource for full path: https://advertising-api.amazon.com/{path}",
    }


def test_advertisers_can_be_added_and_are_cut_at_5000_profiles(sandbox: SandboxProcess) -> None:
    """Profiles get a number of their own unless one is given; the host answers at most 5000."""
    profiles = [
        {"countryCode": "DE", "profileId": 2**63 - 1, "accountName": "Eins", "accountType": "agency"},
        *({"countryCode": "US", "profileId": 1000 + number} for number in range(5001)),
    ]
    sandbox.control("advertisers", [{"advertiserId": "BIG", "name": "Big", "profiles": profiles}])
    token = access_token(sandbox, "BIG")
    assert len(sandbox.profiles(token).json()) == 5000
    (german,) = sandbox.profiles(token, "-eu").json()
    assert german["profileId"] == 9223372036854775807
    assert german["accountInfo"]["name"] == "Eins"
    assert german["accountInfo"]["type"] == "agency"
