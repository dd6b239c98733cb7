"""`GET /sellers/v1/marketplaceParticipations`: a bad token gets 403, and `details` tells why."""

import re

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import Store

PATH = "sellingpartnerapi-na.amazon.com/sellers/v1/marketplaceParticipations"


def assert_denied(answer: requests.Response, details: str) -> None:
    """Check the body that Amazon's gateway gives, with these details."""
    assert answer.status_code == 403
    assert answer.json() == {
        "errors": [
            {
                "code": "Unauthorized",
                "message": "Access to requested resource is denied.",
                "details": details,
            }
        ]
    }
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-RequestId"])


@pytest.mark.parametrize(
    ("region", "seller_id", "sites", "taking_part"),
    [
        ("NA", "A1SANDBOXNA001", {"US", "CA", "MX", "BR"}, {"US", "CA", "MX"}),
        ("EU", "A1SANDBOXEU002", None, {"GB", "IN"}),
        ("FE", "A1SANDBOXFE001", {"JP", "AU", "SG"}, {"JP"}),
    ],
)
def test_sites_of_the_region_and_where_the_seller_takes_part(
    sandbox: SandboxProcess, region: str, seller_id: str, sites: set[str] | None, taking_part: set[str]
) -> None:
    """Each region answers its own sites; India is one of Europe's; no seller id is named."""
    token = sandbox.grant(sellerId=seller_id, region=region)["accessToken"]
    answer = sandbox.participations(token, region.lower())
    assert answer.status_code == 200
    payload = answer.json()["payload"]
    assert sites is None or {each["marketplace"]["countryCode"] for each in payload} == sites
    active = {e["marketplace"]["countryCode"] for e in payload if e["participation"]["isParticipating"]}
    assert active == taking_part
    assert seller_id not in answer.text


def test_fields_of_a_participation(sandbox: SandboxProcess) -> None:
    """The shape of the Sellers API's model, with the store's name as it is written."""
    token = sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"]
    answer = sandbox.participations(token)
    usa = next(e for e in answer.json()["payload"] if e["marketplace"]["countryCode"] == "US")
    assert usa == {
        "marketplace": {
            "id": "ATVPDKIKX0DER",
            "countryCode": "US",
            "name": "Amazon.com",
            "defaultCurrencyCode": "USD",
            "defaultLanguageCode": "en_US",
            "domainName": "www.amazon.com",
        },
        "storeName": "我的店铺 ☕",
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
    }
    assert answer.headers["x-amzn-RateLimit-Limit"] == "0.016"
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-RequestId"])


def test_domain_names_of_the_shared_central(sandbox: SandboxProcess) -> None:
    """Sites that share one Seller Central still have domains of their own."""
    token = sandbox.grant(sellerId="A1SANDBOXEU001", region="EU")["accessToken"]
    payload = sandbox.participations(token, "eu").json()["payload"]
    domains = {each["marketplace"]["countryCode"]: each["marketplace"]["domainName"] for each in payload}
    assert domains["DE"] == "www.amazon.de"
    assert domains["GB"] == "www.amazon.co.uk"
    assert domains["AE"] == "www.amazon.ae"
    assert len(set(domains.values())) == len(domains)


def test_missing_token(sandbox: SandboxProcess) -> None:
    """No header at all, or an empty one."""
    details = "Access token is missing in the request header."
    assert_denied(sandbox.call("GET", PATH), details)
    assert_denied(sandbox.participations(""), details)


def test_malformed_and_revoked_tokens(sandbox: SandboxProcess) -> None:
    """Rubbish, a refresh token, and a good token whose grant was taken back."""
    details = "The access token you provided is revoked, malformed or invalid."
    grant = sandbox.grant()
    assert_denied(sandbox.participations("Atza|rubbish"), details)
    assert_denied(sandbox.participations(grant["refreshToken"]), details)
    sandbox.control("revoke", {"grantId": grant["grantId"]})
    assert_denied(sandbox.participations(grant["accessToken"]), details)


def test_expired_tokens(sandbox: SandboxProcess) -> None:
    """After its hour, or ended early; a token from a later refresh is good."""
    details = "The access token you provided has expired."
    grant = sandbox.grant()
    sandbox.control("clock", {"advance": 3590})
    assert sandbox.participations(grant["accessToken"]).status_code == 200
    sandbox.control("clock", {"advance": 10})
    assert_denied(sandbox.participations(grant["accessToken"]), details)
    fresh = sandbox.refresh(grant["refreshToken"]).json()["access_token"]
    assert sandbox.participations(fresh).status_code == 200
    assert sandbox.control("expire", {"sellerId": "A1SANDBOXNA001"}) == {"grants": 1}
    assert_denied(sandbox.participations(fresh), details)
    fresh = sandbox.refresh(grant["refreshToken"]).json()["access_token"]
    assert sandbox.participations(fresh).status_code == 200


def test_expired_app_secret(sandbox: SandboxProcess) -> None:
    """SP-API refuses every store of the app while the token endpoint still answers 200."""
    grant = sandbox.grant()
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "secretExpired": True})
    assert_denied(
        sandbox.participations(grant["accessToken"]), "The LWA secret token you provided has expired."
    )
    assert sandbox.refresh(grant["refreshToken"]).status_code == 200


def test_wrong_region(sandbox: SandboxProcess) -> None:
    """A European token at the North American host."""
    token = sandbox.grant(sellerId="A1SANDBOXEU001", region="EU")["accessToken"]
    assert_denied(
        sandbox.participations(token, "na"), "The marketplaces you provided are not valid for region."
    )


def test_missing_role_has_empty_details(sandbox: SandboxProcess) -> None:
    """The app may not call the Sellers API: connected, but not to be verified."""
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "sellersRole": False})
    assert_denied(sandbox.participations(sandbox.grant()["accessToken"]), "")


def test_unknown_path_has_empty_details(sandbox: SandboxProcess) -> None:
    """Amazon's gateway answers 403 where there is nothing."""
    token = sandbox.grant()["accessToken"]
    for method, path in (("GET", "nothing/here"), ("POST", "sellers/v1/marketplaceParticipations")):
        answer = sandbox.call(
            method, f"sellingpartnerapi-na.amazon.com/{path}", headers={"x-amz-access-token": token}
        )
        assert_denied(answer, "")


def test_user_agent_is_required(sandbox: SandboxProcess) -> None:
    """A request that does not say who it is is refused."""
    headers = {"x-amz-access-token": sandbox.grant()["accessToken"], "User-Agent": ""}
    assert sandbox.call("GET", PATH, headers=headers).status_code == 403


def test_token_request_at_the_wrong_host(sandbox: SandboxProcess) -> None:
    """What Amazon's gateway says when someone asks it for tokens."""
    answer = sandbox.call("POST", "sellingpartnerapi-eu.amazon.com/auth/o2/token", data={"grant_type": "x"})
    assert answer.status_code == 403
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert answer.json() == {
        "errors": [
            {"message": "Access to requested resource is denied.", "code": "MissingAuthenticationToken"}
        ]
    }


def test_quota_is_fifteen_and_then_one_a_minute(sandbox: SandboxProcess) -> None:
    """Burst 15, 0.016 a second, each seller a bucket of its own."""
    mine = sandbox.grant()["accessToken"]
    other = sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"]
    assert [sandbox.participations(mine).status_code for _ in range(16)] == [200] * 15 + [429]
    throttled = sandbox.participations(mine)
    assert throttled.json() == {
        "errors": [
            {"code": "QuotaExceeded", "message": "You exceeded your quota for the requested resource."}
        ]
    }
    assert re.fullmatch(r"[0-9a-f-]{36}", throttled.headers["x-amzn-RequestId"])
    assert sandbox.participations(other).status_code == 200
    sandbox.control("clock", {"advance": 63})
    assert [sandbox.participations(mine).status_code for _ in range(2)] == [200, 429]


def test_quota_can_be_set_and_switched_off(sandbox: SandboxProcess) -> None:
    """Tests with many calls switch it off, tests of throttling make it small."""
    token = sandbox.grant()["accessToken"]
    sandbox.control("settings", {"participationsQuota": {"rate": 1, "burst": 2}})
    assert [sandbox.participations(token).status_code for _ in range(3)] == [200, 200, 429]
    sandbox.control("settings", {"participationsQuota": None})
    assert {sandbox.participations(token).status_code for _ in range(20)} == {200}


def test_the_account_names_the_business_and_its_sites(sandbox: SandboxProcess) -> None:
    """As the participations have them, in Chinese too."""
    store = Store(sandbox, sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"])
    account = store.get("sellers.getAccount")["payload"]
    assert account["business"]["name"] == "我的店铺 ☕"
    participations = store.get("sellers.getMarketplaceParticipations")["payload"]
    assert account["marketplaceParticipationList"] == participations
