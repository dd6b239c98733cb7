"""The scripts for ads accounts, as processes against a gateway that answers what the test says."""

import json
import shlex
from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.support.fake_gateway import ACCESS, REFRESH, FakeGateway, tokens

LARGEST = str(2**63 - 1)
LINK = "https://www.amazon.com/ap/oa?client_id=amzn1.application-oa2-client.1&state=s"


def line(number: int, account: str, site: str, **more: Any) -> dict[str, Any]:
    """A line of /amazonAds/authorizedStores."""
    return {
        "profileId": number,
        "accountInfoId": f"A{number}",
        "accountInfoName": f"{account} Ltd",
        "accountType": "seller",
        "countryCode": site,
        "marketplaceStringId": "",
        "region": "EU",
        "authRecordId": 10,
        "accountName": account,
        **more,
    }


def test_a_failure_of_our_own_is_marked_as_a_sandboxs(gateway: FakeGateway, run: Run) -> None:
    """What was listed came from a stand-in Amazon, so what was not found was not found there."""
    answer = {"stores": [line(1, "Acme", "US")], "total": 1, "sandbox": True}
    gateway.answers["/amazonAds/authorizedStores"] = (200, answer)
    done = run("ads_resolve_profile.py", "--site", "JP")
    assert (done.code, done.document["sandbox"]) == (5, True)


@pytest.fixture
def listed(gateway: FakeGateway) -> FakeGateway:
    """A gateway with two accounts, one of them on two sites."""
    stores = [line(3, "Bolt", "US", authRecordId=20), line(1, "Acme", "US"), line(2, "Acme", "UK")]
    gateway.answers["/amazonAds/authorizedStores"] = (200, {"stores": stores, "total": 3})
    return gateway


# Authorizing


def test_a_link_is_made_with_the_accounts_name(gateway: FakeGateway, run: Run) -> None:
    """Region NA by default; the link is in the document and the file, and people are told to paste it."""
    gateway.answers["/amazonAds/authorizeUrl"] = (200, {"authorizeUrl": LINK, "sourceType": "amazon_ads"})
    done = run("ads_authorize_url.py", "--account-name", "  我的品牌 ☕ ")
    assert done.code == 0
    assert gateway.bodies("/amazonAds/authorizeUrl") == [{"accountName": "我的品牌 ☕", "region": "NA"}]
    assert done.document["authorizeUrl"] == LINK
    with open(done.document["file"], encoding="utf-8") as file:
        assert file.read() == LINK
    assert "never from the screen" in done.stderr


def test_authorizing_again_keeps_the_accounts_region(gateway: FakeGateway, run: Run) -> None:
    """With a record id and no region, the gateway takes the account's own."""
    gateway.answers["/amazonAds/authorizeUrl"] = (200, {"authorizeUrl": LINK})
    run("ads_authorize_url.py", "--account-name", "Acme", "--auth-record-id", "10")
    run("ads_authorize_url.py", json.dumps({"accountName": "Acme", "authRecordId": 10, "region": "eu"}))
    assert gateway.bodies("/amazonAds/authorizeUrl") == [
        {"accountName": "Acme", "authRecordId": 10},
        {"accountName": "Acme", "authRecordId": 10, "region": "EU"},
    ]


def test_an_attempt_is_followed_to_its_end(gateway: FakeGateway, run: Run) -> None:
    """A good authorization without profiles says so, with the remedy."""
    gateway.answers["/amazonAds/authorizationStatus"] = [
        (200, {"state": "pending"}),
        (
            200,
            {"state": "authorized", "account": line(1, "Acme", "US"), "profileSync": "profile_sync_failed"},
        ),
    ]
    done = run("ads_authorize_url.py", "--authorization-id", "abc", "--wait", "30")
    assert done.code == 0
    assert done.document["account"]["accountName"] == "Acme"
    assert "Manager accounts" in done.document["notes"][0]


def test_a_refusal_is_told_as_one(gateway: FakeGateway, run: Run) -> None:
    """Exit 4, and nothing is tried again."""
    answer = {"state": "denied", "reason": "access_denied"}
    gateway.answers["/amazonAds/authorizationStatus"] = (200, answer)
    done = run("ads_authorize_url.py", "--authorization-id", "abc", "--wait", "30")
    assert (done.code, done.error["code"]) == (4, "denied")
    assert len(gateway.calls) == 1


# Lists


def test_accounts_are_listed_in_order_page_by_page(listed: FakeGateway, run: Run) -> None:
    """By account, then site; nextOffset leads on and ends with null."""
    first = run("ads_authorized_stores.py", "--limit", "2").document
    assert [(entry["accountName"], entry["countryCode"]) for entry in first["stores"]] == [
        ("Acme", "UK"),
        ("Acme", "US"),
    ]
    assert (first["total"], first["nextOffset"]) == (3, 2)
    second = run("ads_authorized_stores.py", json.dumps({"limit": 2, "offset": 2})).document
    assert [entry["accountName"] for entry in second["stores"]] == ["Bolt"]
    assert second["nextOffset"] is None


def test_profiles_are_read_again_only_when_asked(gateway: FakeGateway, run: Run) -> None:
    """Large numbers arrive as they are."""
    profile = {"profileId": 2**63 - 1, "countryCode": "US", "currencyCode": "USD", "dailyBudget": None}
    gateway.answers["/amazonAds/profiles"] = (200, {"profiles": [profile], "total": 1, "refreshed": False})
    assert run("ads_profiles.py", "--full").document["profiles"] == [{**profile, "profileIdText": LARGEST}]
    assert run("ads_profiles.py").document["profiles"] == [
        {"profileId": 2**63 - 1, "profileIdText": LARGEST, "countryCode": "US", "currencyCode": "USD"}
    ]
    run("ads_profiles.py", "--refresh", "--limit", "5")
    asked = gateway.bodies("/amazonAds/profiles")
    assert [body.get("refresh") for body in asked] == [None, None, True]


def refreshed(gateway: FakeGateway, run: Run, *failures: dict[str, Any]) -> dict[str, Any]:
    """What `ads_profiles.py --refresh` tells where Acme and Bolt each have a profile and that failed."""
    answer = {"profiles": [line(1, "Acme", "US"), line(3, "Bolt", "US", authRecordId=20)], "total": 2}
    more = {"refreshed": not failures} | ({"failures": list(failures)} if failures else {})
    gateway.answers["/amazonAds/profiles"] = (200, answer | more)
    done = run("ads_profiles.py", "--refresh")
    assert (done.code, done.document["ok"]) == (0, True)
    return done.document


def failed(account: str, record_id: int, reason: str, *regions: str) -> dict[str, Any]:
    """One of the `failures` of /amazonAds/profiles."""
    told = {"accountName": account, "authRecordId": record_id, "reason": reason, "errmsg": "EVIL"}
    return told | ({"regions": list(regions)} if regions else {})


def test_regions_that_did_not_answer_are_told_in_words(gateway: FakeGateway, run: Run) -> None:
    """Which of which account, that the rest is new, and that to wait is all there is to do."""
    down = (failed("Acme", 10, "amazon_failed", "EU"), failed("Bolt", 20, "amazon_throttled", "NA", "FE"))
    (note,) = refreshed(gateway, run, *down)["notes"]
    assert "EU (Acme), NA (Bolt), FE (Bolt)" in note
    assert "The others were renewed." in note
    assert "`python3 scripts/ads_profiles.py --refresh`" in note
    assert "Authorize nothing" in note


def test_nothing_is_said_to_be_renewed_where_nothing_was(gateway: FakeGateway, run: Run) -> None:
    """Without a network no region of any account answers."""
    every = ("NA", "EU", "FE")
    down = (failed("Acme", 10, "amazon_failed", *every), failed("Bolt", 20, "amazon_failed", *every))
    (note,) = refreshed(gateway, run, *down)["notes"]
    assert "renewed" not in note
    (note,) = refreshed(gateway, run, down[0])["notes"]
    assert "The others were renewed." in note


def test_a_refresh_of_no_account_names_each_with_its_command(gateway: FakeGateway, run: Run) -> None:
    """The link of the answer is the first one's alone."""
    told = {"errcode": 1003, "reason": "store_revoked", "status": "needs_reauthorization", "errmsg": "ended"}
    ended = [failed("Acme", 10, "store_revoked"), failed("My Brand", 20, "store_revoked")]
    first = {"accountName": "Acme", "authRecordId": 10, "region": "NA", "failures": ended}
    gateway.answers["/amazonAds/profiles"] = (409, told | first)
    done = run("ads_profiles.py", "--refresh")
    assert (done.code, done.error["code"]) == (4, "needs_reauthorization")
    assert done.error["message"] == "Acme (10): ended"
    assert [note.split("`")[1] for note in done.document["notes"]] == [
        "python3 scripts/ads_authorize_url.py --account-name Acme --auth-record-id 10",
        "python3 scripts/ads_authorize_url.py --account-name 'My Brand' --auth-record-id 20",
    ]
    gateway.answers["/amazonAds/profiles"] = (409, told | first | {"failures": ended[:1]})
    assert "notes" not in run("ads_profiles.py", "--refresh").document, "the error says it"


@pytest.mark.parametrize("reason", ["store_revoked", "grant_of_another_client", "tokens_damaged"])
def test_an_account_that_was_revoked_is_to_be_authorized_again(
    gateway: FakeGateway, run: Run, reason: str
) -> None:
    """With the command as it is to be run, whatever the name holds; that a region is down stays told."""
    name = "我的 $(brand)'s"
    waiting, again = refreshed(
        gateway, run, failed(name, 20, reason), failed("Acme", 10, "amazon_failed", "EU")
    )["notes"]
    assert "EU (Acme)" in waiting
    assert name not in waiting
    command = shlex.split(again.split("`")[1])
    asked = ["--account-name", name, "--auth-record-id", "20"]
    assert command == ["python3", "scripts/ads_authorize_url.py", *asked]
    assert "--refresh" not in again


def test_any_other_failure_of_a_refresh_is_told_with_its_own_remedy(gateway: FakeGateway, run: Run) -> None:
    """No store is at fault for a suspended application; a reason of a newer gateway is not guessed at."""
    (note,) = refreshed(gateway, run, failed("Bolt", 20, "suspended_app"))["notes"]
    assert note.startswith("all regions (Bolt): ")
    assert "client secret" in note
    (note,) = refreshed(gateway, run, failed("Bolt", 20, "of_tomorrow", "FE"))["notes"]
    assert note.startswith("FE (Bolt): ")
    assert "`errmsg`" in note
    assert "EVIL" not in note


def test_a_refresh_that_went_well_has_no_notes(gateway: FakeGateway, run: Run) -> None:
    """There is nothing to do."""
    assert "notes" not in refreshed(gateway, run)


# Which profile


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("--site", "US", "--account", "acme"), 1),
        (("--site", "英国站", "--account", "Acme"), 2),
        (("--site", "GB", "--account", "Acme Ltd"), 2),
        (("--account", "Bolt"), 3),
        (("--profile-id", "2"), 2),
        (('{"site": "US", "account": "Bolt"}',), 3),
        (('{"profileId": 3}',), 3),
    ],
)
def test_a_profile_is_found_by_what_people_say(
    listed: FakeGateway, run: Run, words: tuple[str, ...], number: int
) -> None:
    """The answer is the line of the list."""
    done = run("ads_resolve_profile.py", *words)
    assert done.code == 0, done.stdout
    assert done.document["profileId"] == number
    assert done.document["accountName"]


def test_several_accounts_and_only_a_site_name_the_accounts(listed: FakeGateway, run: Run) -> None:
    """Exit 5, and the candidates can be put to a person by name."""
    done = run("ads_resolve_profile.py", "--site", "US")
    assert (done.code, done.error["code"]) == (5, "ambiguous")
    names = [(candidate["accountName"], candidate["countryCode"]) for candidate in done.error["candidates"]]
    assert names == [("Acme", "US"), ("Bolt", "US")]
    assert "Acme" not in done.error["hint"]


def test_an_unknown_number_is_not_found(listed: FakeGateway, run: Run) -> None:
    """Only what the list holds is the user's."""
    done = run("ads_resolve_profile.py", "--profile-id", "4")
    assert (done.code, done.error["code"]) == (5, "not_found")


def test_an_account_without_profiles_is_known_by_name(listed: FakeGateway, run: Run) -> None:
    """It is authorized, and the remedy is the manager account."""
    status, answer = listed.answers["/amazonAds/authorizedStores"]
    bare = [{"authRecordId": 30, "accountName": "Bare"}]
    listed.answers["/amazonAds/authorizedStores"] = (status, {**answer, "accountsWithoutProfiles": bare})
    done = run("ads_resolve_profile.py", "--account", "Bare", "--site", "US")
    assert (done.code, "Manager accounts" in done.error["hint"]) == (5, True)


def test_the_sandbox_is_passed_on(gateway: FakeGateway, run: Run) -> None:
    """Nobody takes a stand-in's profile for a real one."""
    answer = {"stores": [line(1, "Acme", "US")], "total": 1, "sandbox": True}
    gateway.answers["/amazonAds/authorizedStores"] = (200, answer)
    assert run("ads_resolve_profile.py", "--site", "US").document["sandbox"] is True


# Tokens


def test_tokens_are_asked_for_by_profile_or_record_and_shown_masked(gateway: FakeGateway, run: Run) -> None:
    """Either id is sent as a number, and no token is printed whole."""
    gateway.answers["/amazonAds/storeTokens"] = (200, tokens(clientId="amzn1.application-oa2-client.7"))
    gateway.answers["/amazonAds/refreshToken"] = (200, tokens(message="refreshed"))
    for script, path in (("ads_store_tokens.py", "storeTokens"), ("ads_refresh_token.py", "refreshToken")):
        by_profile = run(script, "--profile-id", "0000000000000000007")
        by_record = run(script, json.dumps({"authRecordId": "99"}))
        for done in (by_profile, by_record):
            assert done.code == 0, done.stdout
            assert done.document["accessToken"] == ACCESS[:10] + "..."
            assert ACCESS not in done.stdout + done.stderr
            assert REFRESH not in done.stdout + done.stderr
        asked = gateway.bodies(f"/amazonAds/{path}")
        assert [body.get("profileId") for body in asked] == [7, None]
        assert [body.get("authRecordId") for body in asked] == [None, 99]


def test_all_asks_once_for_each_account(listed: FakeGateway, run: Run) -> None:
    """One token serves all profiles of an account; one that failed does not hide the others."""
    listed.answers["/amazonAds/storeTokens"] = (200, tokens())
    document = run("ads_store_tokens.py", "--all").document
    assert sorted(body["authRecordId"] for body in listed.bodies("/amazonAds/storeTokens")) == [10, 20]
    assert (document["total"], document["failed"]) == (2, 0)
    by_name = {entry["accountName"]: entry for entry in document["stores"]}
    assert sorted(by_name["Acme"]["profileIds"]) == [1, 2]
    assert by_name["Acme"]["accessToken"] == ACCESS[:10] + "..."


# Bad input: nothing is called


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("ads_authorize_url.py", ()),
        ("ads_authorize_url.py", ("--account-name", "   ")),
        ("ads_authorize_url.py", ("--account-name", "a" * 101)),
        ("ads_authorize_url.py", ("--account-name", "a\x07b")),
        ("ads_authorize_url.py", ("--account-name", "Acme", "--region", "XX")),
        ("ads_authorize_url.py", ("--account-name", "Acme", "--authorization-id", "abc")),
        ("ads_authorize_url.py", ("--account-name", "Acme", "--auth-record-id", "x")),
        ("ads_authorize_url.py", ('{"accountName": null}',)),
        ("ads_authorize_url.py", ('{"accountName": ["Acme"]}',)),
        ("ads_authorize_url.py", ('{"accountName": 7}',)),
        ("ads_authorize_url.py", ('{"acount": "Acme"}',)),
        ("ads_authorize_url.py", ('["Acme"]',)),
        ("ads_authorize_url.py", ('{"accountName": "Acme"',)),
        ("ads_authorized_stores.py", ("--limit", "0")),
        ("ads_profiles.py", ('{"refresh": "yes"}',)),
        ("ads_resolve_profile.py", ("--site", "")),
        ("ads_resolve_profile.py", ("--profile-id", "12x")),
        ("ads_store_tokens.py", ()),
        ("ads_store_tokens.py", ("--profile-id", "1", "--auth-record-id", "2")),
        ("ads_store_tokens.py", ("--profile-id", "1", "--all")),
        ("ads_store_tokens.py", ('{"profileId": 1.0}',)),
        ("ads_store_tokens.py", ('{"profileId": -1}',)),
        ("ads_store_tokens.py", ('{"profileId": true}',)),
        ("ads_refresh_token.py", ("--profile-id", str(2**63))),
        ("ads_refresh_token.py", ('{"profileId": "9223372036854775808"}',)),
        ("ads_refresh_token.py", ('{"profileId": 1, "authRecordId": 2}',)),
    ],
)
def test_a_wrong_call_gets_exit_2_and_a_hint(
    gateway: FakeGateway, run: Run, script: str, words: tuple[str, ...]
) -> None:
    """One document says what is wrong, and the gateway is not asked."""
    done = run(script, *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments"), done.stdout
    assert done.error["hint"]
    assert gateway.calls == []
