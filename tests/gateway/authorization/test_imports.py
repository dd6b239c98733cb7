"""Refresh tokens from elsewhere: proved by one refresh, kept as a grant, or refused with nothing changed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.gateway_server import Amazon, Gateway

SELLER = "A1SANDBOXNA001"
STORE = {"sellerId": SELLER, "region": "NA"}
IMPORTS = [
    ("/spApi/importStore", {**STORE, "sellerName": "Mine"}),
    ("/amazonAds/importAccount", {"accountName": "Mine", "region": "NA"}),
]


def refresh_token(amazon: Amazon, **which: Any) -> str:
    """A refresh token that was made in Amazon's console."""
    return amazon.control("grants", [which or STORE])["grants"][0]["refreshToken"]


def state_of(gateway: Gateway) -> tuple[Any, Any]:
    """What a caller sees of the store: its entry, and its tokens."""
    return gateway.good("/spApi/authorizedStores"), gateway.good("/spApi/storeTokens", STORE)


def test_an_imported_store_is_listed_and_has_tokens(gateway: Gateway) -> None:
    """After one refresh; the answer is the store as it is listed."""
    token = refresh_token(gateway.amazon)
    answer = gateway.good(
        "/spApi/importStore", {**STORE, "sellerName": " 我的店铺 ☕ ", "refreshToken": token}
    )
    assert len(gateway.amazon.refreshes()) == 1
    listed = gateway.good("/spApi/authorizedStores")["stores"]
    of_the_import = {"sandbox", "replaced", "alreadyKnown", "sellerIdProven"}
    assert listed == [{name: value for name, value in answer.items() if name not in of_the_import}]
    assert (listed[0]["sellerName"], listed[0]["status"]) == ("我的店铺 ☕", "authorized")
    assert (listed[0]["requestedScopes"], listed[0]["grantedScopes"]) == ([], None)
    tokens = gateway.good("/spApi/storeTokens", STORE)
    assert tokens["refreshToken"] == token
    assert tokens["expiresIn"] == 3600
    assert token not in str(answer)


def test_an_imported_account_comes_with_its_profiles(gateway: Gateway) -> None:
    """From all three regions, as after a consent."""
    token = refresh_token(gateway.amazon, advertiserId="SANDBOX_BRANDS")
    answer = gateway.good(
        "/amazonAds/importAccount", {"accountName": "Brand", "region": "EU", "refreshToken": token}
    )
    assert (answer["accountName"], answer["profileSync"], answer["total"]) == ("Brand", "ok", 8)
    assert {profile["region"] for profile in answer["profiles"]} == {"NA", "EU", "FE"}
    assert gateway.good("/amazonAds/authorizedStores")["total"] == 8
    which = {"authRecordId": answer["authRecordId"]}
    assert gateway.good("/amazonAds/storeTokens", which)["refreshToken"] == token


def test_an_account_without_profiles_is_kept_and_says_so(gateway: Gateway) -> None:
    """The authorization stands."""
    token = refresh_token(gateway.amazon, advertiserId="SANDBOX_EMPTY")
    answer = gateway.good(
        "/amazonAds/importAccount", {"accountName": "New", "region": "NA", "refreshToken": token}
    )
    assert (answer["profileSync"], answer["profiles"]) == ("profile_sync_failed", [])
    assert answer["hint"]
    bare = gateway.good("/amazonAds/authorizedStores")["accountsWithoutProfiles"]
    assert [account["authRecordId"] for account in bare] == [answer["authRecordId"]]


def test_importing_again_keeps_the_record(gateway: Gateway) -> None:
    """As authorizing again does; the newest name and token count."""
    first = gateway.authorize_store()["store"]
    token = refresh_token(gateway.amazon)
    again = gateway.good("/spApi/importStore", {**STORE, "sellerName": "Renamed", "refreshToken": token})
    assert again["authRecordId"] == first["authRecordId"]
    assert gateway.good("/spApi/authorizedStores")["total"] == 1
    assert gateway.good("/spApi/storeTokens", STORE)["refreshToken"] == token


def test_a_seller_id_that_nothing_proved_is_not_called_verified(gateway: Gateway) -> None:
    """Amazon answers for the token's store without naming it: a mistyped id would pass that check."""
    token = refresh_token(gateway.amazon)
    body = {**STORE, "sellerId": "A1MISTYPED", "sellerName": "Mine", "refreshToken": token}
    answer = gateway.good("/spApi/importStore", body)
    assert (answer["sellerIdProven"], answer["verified"]) == (False, None)
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["verified"] is None


@pytest.mark.parametrize("name", ["Renamed", "Store A1SANDBOXNA001"])
def test_a_store_that_an_import_replaces_is_told(gateway: Gateway, name: str) -> None:
    """With the name that it had, where that is another."""
    gateway.authorize_store()
    body = {**STORE, "sellerName": name, "refreshToken": refresh_token(gateway.amazon)}
    answer = gateway.good("/spApi/importStore", body)
    assert answer["replaced"] is True
    assert answer.get("previousName") == ("Store A1SANDBOXNA001" if name == "Renamed" else None)


def test_a_new_store_or_account_replaces_nothing(gateway: Gateway) -> None:
    """An account is replaced by one of its name."""
    answer = gateway.good(
        "/spApi/importStore", {**STORE, "sellerName": "Mine", "refreshToken": refresh_token(gateway.amazon)}
    )
    assert (answer["replaced"], "previousName" in answer) == (False, False)
    token = refresh_token(gateway.amazon, advertiserId="SANDBOX_BRANDS")
    account = {"accountName": "Brand", "region": "NA", "refreshToken": token}
    replaced = [gateway.good("/amazonAds/importAccount", account)["replaced"] for _ in range(2)]
    assert replaced == [False, True]


@pytest.mark.parametrize("known", [False, True])
def test_a_token_of_another_region_keeps_nothing(gateway: Gateway, known: bool) -> None:
    """The region that Amazon answers in is named; what was there stays as it was."""
    if known:
        gateway.authorize_store()
    before = gateway.good("/spApi/authorizedStores")
    token = refresh_token(gateway.amazon, sellerId="A1SANDBOXEU001", region="EU")
    refused = gateway.bad(
        "/spApi/importStore", {**STORE, "sellerName": "Mine", "refreshToken": token}, status=400
    )
    assert refused["reason"] == "import_wrong_region"
    assert "EU" in refused["errmsg"]
    assert gateway.good("/spApi/authorizedStores") == before


def test_a_region_that_cannot_be_found_out_is_not_named(gateway: Gateway) -> None:
    """Amazon says that it is another one, and for none that it is that."""
    gateway.amazon.fault({"answer": "spApi.wrongRegion"}, times=None, path="/sellers/*")
    body = {**STORE, "sellerName": "Mine", "refreshToken": refresh_token(gateway.amazon)}
    refused = gateway.bad("/spApi/importStore", body, status=400)
    assert refused["reason"] == "import_wrong_region"
    assert not {"EU", "FE"} & set(refused["errmsg"].split())


def test_an_import_is_the_callers_alone(gateway: Gateway) -> None:
    """Two users of one store have grants of their own."""
    gateway.add_user("guest")
    token = refresh_token(gateway.amazon)
    gateway.good("/spApi/importStore", {**STORE, "sellerName": "Mine", "refreshToken": token}, user="guest")
    assert gateway.good("/spApi/authorizedStores")["total"] == 0
    assert gateway.good("/spApi/authorizedStores", user="guest")["total"] == 1


def test_a_rotated_token_is_what_is_kept(gateway: Gateway) -> None:
    """Where Amazon answers the proof with a new refresh token."""
    token = refresh_token(gateway.amazon)
    gateway.amazon.fault({"token": {"rotateRefreshToken": True}}, grantType="refresh_token")
    gateway.good("/spApi/importStore", {**STORE, "sellerName": "Mine", "refreshToken": token})
    assert gateway.good("/spApi/storeTokens", STORE)["refreshToken"] != token
    gateway.good("/spApi/refreshToken", STORE)


@pytest.mark.parametrize(
    ("do", "status", "reason"),
    [
        ({"answer": "tokenEndpoint.refreshTokenRefused"}, 502, "import_refused"),
        ({"answer": "tokenEndpoint.unauthorizedClient"}, 502, "import_of_another_client"),
        ({"answer": "tokenEndpoint.invalidClient"}, 502, "app_credentials"),
        ({"answer": "tokenEndpoint.throttled"}, 429, "amazon_throttled"),
        ({"status": 500}, 502, "amazon_failed"),
        ({"status": 200, "body": "<html>"}, 502, "amazon_failed"),
        ({"drop": "after"}, 502, "amazon_failed"),
        ({"token": {"length": 5000}}, 502, "amazon_failed"),
    ],
)
def test_a_refused_import_changes_nothing(
    gateway: Gateway, do: dict[str, Any], status: int, reason: str
) -> None:
    """Neither the healthy store that is there, nor the application: what worked still does."""
    gateway.authorize_store()
    before = state_of(gateway)
    token = refresh_token(gateway.amazon)
    gateway.amazon.fault(do, grantType="refresh_token")
    answer = gateway.bad(
        "/spApi/importStore",
        {**STORE, "sellerName": "Bad", "refreshToken": token},
        status=status,
    )
    assert answer["reason"] == reason
    assert "status" not in answer
    assert state_of(gateway) == before
    gateway.good("/spApi/refreshToken", STORE)


@pytest.mark.parametrize(("path", "body"), IMPORTS)
def test_an_import_while_the_application_is_suspended(
    gateway: Gateway, path: str, body: dict[str, Any]
) -> None:
    """A refusal is told as the suspension that it is; a store that Amazon takes is listed under it."""
    flow = "spapi" if path.startswith("/spApi") else "ads"
    refresh, which, token = suspended_soon(gateway, flow)
    gateway.amazon.fault({"answer": "tokenEndpoint.invalidClient"}, grantType="refresh_token")
    assert gateway.bad(refresh, which, status=503)["status"] == "suspended_app"
    gateway.amazon.fault({"answer": "tokenEndpoint.invalidClient"}, grantType="refresh_token")
    refused = gateway.bad(path, {**body, "refreshToken": token}, status=503)
    assert (refused["errcode"], refused["reason"]) == (1003, "suspended_app")
    assert refused["status"] == "suspended_app"
    answer = gateway.good(path, {**body, "refreshToken": token})
    assert answer["status"] == "suspended_app"
    assert {each["status"] for each in answer.get("profiles", ())} <= {"suspended_app"}
    assert gateway.bad(refresh, which, status=503)["status"] == "suspended_app"


def suspended_soon(gateway: Gateway, flow: str) -> tuple[str, dict[str, Any], str]:
    """Authorize something; return how to refresh it, and a token of another to import."""
    if flow == "spapi":
        gateway.authorize_store("A1SANDBOXNA002")
        return "/spApi/refreshToken", {"sellerId": "A1SANDBOXNA002"}, refresh_token(gateway.amazon)
    account = gateway.authorize_account("SANDBOX_PARTNERS")["account"]
    token = refresh_token(gateway.amazon, advertiserId="SANDBOX_BRANDS")
    return "/amazonAds/refreshToken", {"authRecordId": account["authRecordId"]}, token


@pytest.mark.parametrize(
    ("granted", "missing"),
    [("advertising::campaign_management", []), ("profile", ["advertising::campaign_management"])],
)
def test_what_an_imported_token_lacks_is_told(gateway: Gateway, granted: str, missing: list[str]) -> None:
    """Where Amazon's answer to the proof names what it granted: in the answer and in the list."""
    token = refresh_token(gateway.amazon, advertiserId="SANDBOX_BRANDS")
    gateway.amazon.fault({"token": {"set": {"scope": granted}}}, grantType="refresh_token")
    answer = gateway.good(
        "/amazonAds/importAccount", {"accountName": "Brand", "region": "NA", "refreshToken": token}
    )
    assert (answer["grantedScopes"], answer["missingScopes"]) == ([granted], missing)
    listed = gateway.good("/amazonAds/authorizedStores")["stores"][0]
    assert (listed["grantedScopes"], listed["missingScopes"]) == ([granted], missing)


def test_a_token_of_another_client_is_named_as_such(gateway: Gateway) -> None:
    """As Amazon itself answers it."""
    other = gateway.amazon.control("apps", {"flow": "spapi"})["clientId"]
    token = refresh_token(gateway.amazon, **STORE, clientId=other)
    answer = gateway.bad(
        "/spApi/importStore", {**STORE, "sellerName": "Other", "refreshToken": token}, status=502
    )
    assert answer["reason"] == "import_of_another_client"
    assert gateway.good("/spApi/authorizedStores")["total"] == 0


@pytest.mark.parametrize(("path", "body"), IMPORTS)
@pytest.mark.parametrize("token", [None, "", "  ", "with space", "line\nend", "é" * 20, "x" * 2049, 7, ["x"]])
def test_what_is_no_token_is_not_sent(gateway: Gateway, path: str, body: dict[str, Any], token: Any) -> None:
    """It is a bad parameter, and not echoed."""
    answer = gateway.bad(path, {**body, "refreshToken": token}, status=400)
    assert answer["errcode"] == 1002
    assert "refreshToken" in answer["errmsg"]
    assert gateway.amazon.refreshes() == []


@pytest.mark.parametrize(("path", "body"), IMPORTS)
def test_the_names_and_regions_are_needed(gateway: Gateway, path: str, body: dict[str, Any]) -> None:
    """Each missing field is named."""
    for name in body:
        rest = {key: value for key, value in body.items() if key != name}
        assert name in gateway.bad(path, {**rest, "refreshToken": "Atzr|x"}, status=400)["errmsg"]


def test_imports_at_once_end_in_one_grant(gateway: Gateway) -> None:
    """All succeed, and the store is there once."""
    body = {**STORE, "sellerName": "Mine", "refreshToken": refresh_token(gateway.amazon)}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: gateway.good("/spApi/importStore", body), range(6)))
    assert len({answer["authRecordId"] for answer in answers}) == 1
    assert gateway.good("/spApi/authorizedStores")["total"] == 1


def test_an_import_while_a_refresh_is_under_way_wins(gateway: Gateway) -> None:
    """The older refresh cannot put the older token back."""
    gateway.authorize_store()
    token = refresh_token(gateway.amazon)
    gateway.amazon.fault({"hold": "slow", "holdAt": "after"}, grantType="refresh_token")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(gateway.post, "/spApi/refreshToken", STORE)
        gateway.amazon.until_held("slow")
        gateway.good("/spApi/importStore", {**STORE, "sellerName": "Mine", "refreshToken": token})
        gateway.amazon.release("slow")
        assert slow.result().status_code == 200
    assert gateway.good("/spApi/storeTokens", STORE)["refreshToken"] == token
