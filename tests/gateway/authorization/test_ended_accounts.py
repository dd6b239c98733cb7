"""Ads accounts that have to be authorized again: each is in a list, and a failure names whose it is."""

from typing import Any

import pytest

from tests.support.gateway_server import Gateway

LIST = "/amazonAds/authorizedStores"
NEVER = {"status": 400, "body": '{"error": "invalid_grant"}'}


def end(gateway: Gateway, account: dict[str, Any]) -> dict[str, Any]:
    """Let Amazon refuse an account's refresh token; return the failure that shows it."""
    gateway.amazon.fault(NEVER, grantType="refresh_token")
    which = {"authRecordId": account["authRecordId"]}
    return gateway.bad("/amazonAds/refreshToken", which, status=409)


@pytest.fixture
def two(gateway: Gateway) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two authorizations of one advertiser, the older one first."""
    first = gateway.authorize_account(accountName="First")["account"]
    gateway.clock.step(60)
    return first, gateway.authorize_account(accountName="Second")["account"]


@pytest.mark.parametrize("ended", [0, 1])
def test_an_ended_account_that_another_covers_is_listed(
    gateway: Gateway, two: tuple[dict[str, Any], dict[str, Any]], ended: int
) -> None:
    """The rows tell of the healthy one alone, so it stands beside them."""
    assert "coveredAccounts" not in gateway.good(LIST)
    end(gateway, two[ended])
    listed = gateway.good(LIST)
    assert {row["authRecordId"] for row in listed["stores"]} == {two[1 - ended]["authRecordId"]}
    (covered,) = listed["coveredAccounts"]
    assert (covered["authRecordId"], covered["accountName"]) == (
        two[ended]["authRecordId"],
        two[ended]["accountName"],
    )
    assert (covered["status"], covered["statusReason"]) == ("needs_reauthorization", "store_revoked")
    gateway.add_user("guest")
    assert "coveredAccounts" not in gateway.good(LIST, user="guest")


def test_of_two_ended_accounts_each_is_told_once(
    gateway: Gateway, two: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """The newer one by the rows, the older one beside them; what covers a profile alone is in a row."""
    for account in two:
        end(gateway, account)
    listed = gateway.good(LIST)
    assert {row["authRecordId"] for row in listed["stores"]} == {two[1]["authRecordId"]}
    assert [each["accountName"] for each in listed["coveredAccounts"]] == ["First"]


def test_a_refresh_of_no_account_names_all(
    gateway: Gateway, two: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """Whose authorizations have ended, each with why; the link is for the first."""
    for account in two:
        end(gateway, account)
    failure = gateway.bad("/amazonAds/profiles", {"refresh": True}, status=409)
    assert (failure["reason"], failure["accountName"]) == ("store_revoked", "First")
    assert failure["authRecordId"] == two[0]["authRecordId"]
    assert [(each["accountName"], each["authRecordId"], each["reason"]) for each in failure["failures"]] == [
        (account["accountName"], account["authRecordId"], "store_revoked") for account in two
    ]
    assert failure["authorizeUrl"]


def test_a_passing_failure_names_the_account_too(gateway: Gateway) -> None:
    """There is none to authorize again."""
    account = gateway.authorize_account(accountName="Brand")["account"]
    gateway.clock.step(3_600)
    gateway.amazon.fault({"status": 503}, times=None, grantType="refresh_token")
    failure = gateway.bad("/amazonAds/profiles", {"refresh": True}, status=502)
    (named,) = failure["failures"]
    assert (named["accountName"], named["authRecordId"]) == ("Brand", account["authRecordId"])
    assert "authorizeUrl" not in failure


def test_a_failure_names_whose_authorization_has_ended(gateway: Gateway) -> None:
    """Of an account by its profile, and of a store; also for a key that makes no links."""
    account = gateway.authorize_account(accountName="Brand", region="EU")["account"]
    failure = end(gateway, account)
    assert (failure["accountName"], failure["region"]) == ("Brand", "EU")
    assert failure["authRecordId"] == account["authRecordId"]
    profile = {"profileId": account["profiles"][0]["profileId"]}
    key = gateway.vault.users.issue_key("owner", ("tokens",))[1].reveal()
    by_profile = gateway.bad("/amazonAds/storeTokens", profile, status=409, user=key)
    assert (by_profile["accountName"], "authorizeUrl" in by_profile) == ("Brand", False)
    gateway.authorize_store(sellerName="T2")
    gateway.amazon.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    store = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
    failure = gateway.bad("/spApi/refreshToken", store, status=409)
    assert {name: failure[name] for name in store} == store
    assert failure["sellerName"] == "T2"
