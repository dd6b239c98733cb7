"""Reading profiles while Amazon's hosts fail or hang: what is missing is told, and read later."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.jobs import schedule
from gateway.util.threads import CHECK_THREADS, CHECKS_OF_A_USER
from tests.support.gateway_server import Amazon, Gateway, running_gateway, text_of
from tests.support.house import until

EU_HOST = "advertising-api-eu.amazon.com"
LISTED, EMPTY = {"NA", "EU", "FE"}, "SANDBOX_EMPTY"
MANAGER_HINT = "Manager accounts"
PROFILES = "/v2/profiles"


def regions(profiles: list[dict[str, Any]]) -> set[str]:
    """The regions that some profiles are of."""
    return {profile["region"] for profile in profiles}


@pytest.mark.parametrize("do", [{"status": 503}, {"status": 429}, {"drop": "after"}])
def test_a_host_that_fails_for_a_moment_is_asked_again(gateway: Gateway, do: dict[str, Any]) -> None:
    """Nobody notices."""
    gateway.amazon.fault(do, times=2, host=EU_HOST)
    ended = gateway.authorize_account()
    assert ended["profileSync"] == "ok"
    assert regions(ended["account"]["profiles"]) == LISTED
    assert "unreadRegions" not in ended["account"]
    assert "incompleteAccounts" not in gateway.good("/amazonAds/authorizedStores")


def test_a_host_that_goes_on_failing_leaves_the_account_incomplete(gateway: Gateway) -> None:
    """Status, page and lists say what is missing, why, and that it is only to be read again."""
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Brands"})
    gateway.amazon.fault({"status": 503}, times=None, host=EU_HOST)
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    path, page = gateway.open(back)
    said = text_of(page)
    assert "some regions could not be read yet" in said
    assert "EU (" in said
    assert MANAGER_HINT not in said
    assert "answered 503" in said
    chinese = gateway.get(path, headers={"Accept-Language": "zh-CN"})
    assert "尚未获取到的区域" in text_of(chinese)
    status = gateway.status("ads", begun["authorizationId"])
    assert (status["profileSync"], status["reason"]) == ("incomplete", "profile_sync_incomplete")
    assert "ads_profiles.py --refresh" in status["hint"]
    assert status["detail"] == "the Ads API answered 503"
    assert status["account"]["unreadRegions"] == ["EU"]
    assert regions(status["account"]["profiles"]) == {"NA", "FE"}
    for path in ("/amazonAds/authorizedStores", "/amazonAds/profiles"):
        (incomplete,) = gateway.good(path)["incompleteAccounts"]
        assert (incomplete["accountName"], incomplete["unreadRegions"]) == ("Brands", ["EU"])
    gateway.amazon.control("faults/clear", {})
    assert gateway.good("/amazonAds/profiles", {"refresh": True})["refreshed"] is True
    assert gateway.status("ads", begun["authorizationId"])["profileSync"] == "ok"
    assert "incompleteAccounts" not in gateway.good("/amazonAds/authorizedStores")


@pytest.mark.parametrize(
    ("do", "cause"),
    [
        ({"status": 503}, "answered 503"),
        ({"status": 429}, "fewer calls"),
        ({"status": 401, "body": '{"code": "401", "details": "Not authorized"}'}, "Not authorized"),
        ({"status": 200, "body": "<html>"}, "without usable JSON"),
    ],
)
def test_hosts_that_all_fail_are_no_missing_manager_account(
    gateway: Gateway, do: dict[str, Any], cause: str
) -> None:
    """The words are about Amazon's answer, and name it."""
    gateway.amazon.fault(do, times=None, path=PROFILES)
    begun = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Brands"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", advertiser_id="SANDBOX_BRANDS")
    _, page = gateway.open(back)
    status = gateway.status("ads", begun["authorizationId"])
    assert (status["state"], status["profileSync"]) == ("authorized", "incomplete")
    assert status["reason"] == "profile_sync_unanswered"
    assert set(status["account"]["unreadRegions"]) == LISTED
    assert cause in status["detail"]
    assert cause in text_of(page)
    for words in (status["hint"], text_of(page)):
        assert MANAGER_HINT not in words
    (bare,) = gateway.good("/amazonAds/authorizedStores")["accountsWithoutProfiles"]
    assert set(bare["unreadRegions"]) == LISTED


def test_an_account_that_amazon_lists_nothing_for_was_read(gateway: Gateway) -> None:
    """Amazon did answer: a refresh of the list is one, beside another account's too."""
    gateway.authorize_account(EMPTY)
    listed = gateway.good("/amazonAds/profiles", {"refresh": True})
    assert (listed["refreshed"], listed["total"], "failures" in listed) == (True, 0, False)
    gateway.authorize_account()
    assert gateway.good("/amazonAds/profiles", {"refresh": True})["refreshed"] is True


def test_a_failed_refresh_of_the_list_names_the_regions(gateway: Gateway) -> None:
    """And keeps what was known of them."""
    gateway.authorize_account()
    gateway.amazon.fault({"status": 503}, times=None, host=EU_HOST)
    listed = gateway.good("/amazonAds/profiles", {"refresh": True})
    assert listed["failures"][0]["regions"] == ["EU"]
    assert regions(listed["profiles"]) == LISTED
    assert listed["incompleteAccounts"][0]["unreadRegions"] == ["EU"]


def test_an_imported_account_can_be_incomplete_too(gateway: Gateway) -> None:
    """With the same words."""
    token = gateway.amazon.control("grants", [{"advertiserId": "SANDBOX_BRANDS"}])["grants"][0]
    gateway.amazon.fault({"status": 503}, times=None, host=EU_HOST)
    body = {"accountName": "Mine", "region": "NA", "refreshToken": token["refreshToken"]}
    answer = gateway.good("/amazonAds/importAccount", body)
    assert (answer["profileSync"], answer["unreadRegions"]) == ("incomplete", ["EU"])
    assert answer["reason"] == "profile_sync_incomplete"


def test_what_is_missing_is_read_by_the_gateway_itself(
    amazon: Amazon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its time has come, and without a call."""
    monkeypatch.setattr(schedule, "UNREAD_PROFILES_SECONDS", 0.05)
    with running_gateway(amazon, tmp_path) as gateway:
        amazon.fault({"status": 503}, times=None, host=EU_HOST)
        account = gateway.authorize_account()["account"]
        amazon.control("faults/clear", {})
        assert gateway.vault.unread_profiles.of_grant(account["authRecordId"]) is not None
        gateway.clock.step(61)
        until(
            lambda: gateway.vault.unread_profiles.of_grant(account["authRecordId"]) is None, "they are read"
        )
        assert regions(gateway.good("/amazonAds/profiles")["profiles"]) == LISTED


def test_an_ads_api_that_hangs_holds_up_no_refresh_and_no_exchange(gateway: Gateway, amazon: Amazon) -> None:
    """However many wait for it: an account's callers share one sync, and stores go by."""
    gateway.authorize_account()
    gateway.authorize_store()
    amazon.control("ledger/reset", {})
    amazon.fault({"hold": "ads"}, times=None, path=PROFILES)
    callers = 17
    with ThreadPoolExecutor(callers) as pool:
        calls = [pool.submit(gateway.post, "/amazonAds/profiles", {"refresh": True}) for _ in range(callers)]
        until(lambda: amazon.control("holds")["holds"].get("ads") == len(LISTED), "the hosts are asked")
        gateway.good("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001", "region": "NA"})
        assert gateway.authorize_store("A1SANDBOXNA002")["state"] == "authorized"
        amazon.control("faults/clear", {})
        amazon.release("ads")
        assert {call.result().status_code for call in calls} == {200}
    assert len(amazon.calls(path=PROFILES)) == len(LISTED)


def test_a_user_s_imports_leave_room_for_another_s(gateway: Gateway, amazon: Amazon) -> None:
    """Of one user's imports some are under way at once; others' imports, and all refreshes, go on."""
    gateway.authorize_store()
    gateway.add_user("guest")
    slow, quick = (
        amazon.control("grants", [{"sellerId": seller, "region": "NA"}])["grants"][0]["refreshToken"]
        for seller in ("A1SANDBOXNA002", "A1SANDBOXNA001")
    )
    body = {"region": "NA", "sellerName": "Mine"}
    amazon.fault({"hold": "slow"}, times=None, grantType="refresh_token", sellerId="A1SANDBOXNA002")

    def held() -> int:
        return amazon.control("holds")["holds"].get("slow", 0)

    def import_slowly(_number: int) -> int:
        wanted = {**body, "sellerId": "A1SANDBOXNA002", "refreshToken": slow}
        return gateway.post("/spApi/importStore", wanted).status_code

    with ThreadPoolExecutor(CHECK_THREADS) as pool:
        calls = [pool.submit(import_slowly, number) for number in range(CHECK_THREADS)]
        until(lambda: held() == CHECKS_OF_A_USER, "the user's share is under way")
        gateway.good(
            "/spApi/importStore",
            {**body, "sellerId": "A1SANDBOXNA001", "refreshToken": quick},
            user="guest",
        )
        gateway.good("/spApi/refreshToken", {"sellerId": "A1SANDBOXNA001", "region": "NA"})
        assert held() == CHECKS_OF_A_USER
        amazon.control("faults/clear", {})
        amazon.release("slow")
        # On a slow machine some have waited for too long, and are told so.
        assert {call.result() for call in calls} <= {200, 429}


def test_a_refused_token_is_renewed_once_before_an_account_is_told_as_unread(gateway: Gateway) -> None:
    """It may have ended early, while the authorization stands."""
    gateway.authorize_account()
    gateway.amazon.control("expire", {"advertiserId": "SANDBOX_BRANDS"})
    again = gateway.good("/amazonAds/profiles", {"refresh": True})
    assert again["refreshed"] is True
    assert "incompleteAccounts" not in again


def test_an_account_whose_token_is_refused_may_turn_out_to_be_revoked(gateway: Gateway) -> None:
    """Then it is told so, with the way to mend it, and not as one to ask for again in a moment."""
    gateway.authorize_account()
    gateway.authorize_account("SANDBOX_EMPTY")
    gateway.amazon.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    again = gateway.good("/amazonAds/profiles", {"refresh": True})
    (failure,) = again["failures"]
    assert failure["reason"] == "store_revoked"
    assert "incompleteAccounts" not in again
    assert regions(again["profiles"]) == LISTED
    assert {profile["status"] for profile in again["profiles"]} == {"needs_reauthorization"}


def test_a_token_that_stays_refused_is_renewed_once_a_sync(gateway: Gateway) -> None:
    """The account is unread then, and its authorization stands."""
    gateway.authorize_account()
    gateway.amazon.fault({"answer": "adsApi.authenticationFailed"}, times=None, path=PROFILES)
    gateway.amazon.control("ledger/reset", {})
    (failure,) = gateway.good("/amazonAds/profiles", {"refresh": True})["failures"]
    assert failure["reason"] == "token_refused"
    assert len(gateway.amazon.calls(path="/auth/o2/token")) == 1
    assert gateway.good("/amazonAds/profiles")["profiles"][0]["status"] == "authorized"


def test_a_refused_token_that_cannot_be_renewed_now_leaves_the_account_unread(gateway: Gateway) -> None:
    """What Amazon said of it is what is told."""
    gateway.authorize_account()
    gateway.amazon.control("expire", {"advertiserId": "SANDBOX_BRANDS"})
    gateway.amazon.fault({"status": 503}, times=None, path="/auth/o2/token")
    again = gateway.good("/amazonAds/profiles", {"refresh": True})
    (failure,) = again["failures"]
    assert (failure["reason"], set(failure["regions"])) == ("token_refused", LISTED)
    assert regions(again["profiles"]) == LISTED


def test_an_account_that_was_revoked_is_not_one_to_ask_for_again(gateway: Gateway) -> None:
    """Whatever it lacks: only its person can mend that, and its status says so."""
    gateway.amazon.fault({"status": 503}, times=None, path=PROFILES)
    gateway.authorize_account()
    gateway.amazon.control("faults/clear", {})
    gateway.amazon.control("revoke", {"advertiserId": "SANDBOX_BRANDS"})
    assert len(gateway.good("/amazonAds/authorizedStores")["incompleteAccounts"]) == 1
    gateway.bad("/amazonAds/profiles", {"refresh": True}, status=409)
    listed = gateway.good("/amazonAds/authorizedStores")
    assert "incompleteAccounts" not in listed
    (account,) = listed["accountsWithoutProfiles"]
    assert account["status"] == "needs_reauthorization"
