"""Which store or profile a command is for, said in words: every script finds it in the same way."""

import json
import shlex
import sys
from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.support.fake_gateway import FakeGateway, tokens
from tests.support.house import Finished

STORES = "/spApi/authorizedStores"
ACCOUNTS = "/amazonAds/authorizedStores"
LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.x&state=abc"
ADS_LINK = "https://www.amazon.com/ap/oa?client_id=amzn1.application-oa2-client.1&state=s"


def store(seller: str, name: str, region: str, *sites: str) -> dict[str, Any]:
    """A row of the list of stores; `sites`: codes of those that Amazon told of it."""
    told = [{"countryCode": code, "marketplaceId": SITE_IDS[code], "participating": True} for code in sites]
    return {"sellerId": seller, "sellerName": name, "region": region} | ({"sites": told} if told else {})


SITE_IDS = {
    "DE": "A1PA6795UKMFR9",
    "UK": "A1F83G8C2ARO7P",
    "IN": "A21TJRUUN4KGV",
    "JP": "A1VC38T7YXB528",
    "US": "ATVPDKIKX0DER",
}
LISTED = [
    store("A1NORTH", "北极光户外", "NA"),
    store("A1NORTH", "北极光户外", "FE"),
    store("A2SOUTH", "Südwind", "EU", "DE"),
    store("A3WEST", "Westwind", "EU", "UK", "IN"),
    store("A4ACME", "Acme", "NA"),
    store("A5ACME", "ACME", "NA"),
]


@pytest.fixture
def listed(gateway: FakeGateway) -> FakeGateway:
    """A gateway with stores of which some share a name."""
    gateway.answers[STORES] = (200, {"stores": LISTED, "total": len(LISTED)})
    gateway.answers["/spApi/refreshToken"] = (200, tokens())
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    gateway.answers["/spApi/removeStore"] = (200, {"removed": True})
    gateway.answers["/spApi/authorizeUrl"] = (200, {"authorizeUrl": LINK})
    return gateway


def asked(gateway: FakeGateway, path: str = "/spApi/refreshToken") -> list[tuple[Any, Any]]:
    """Which stores were named to the gateway."""
    return [(body["sellerId"], body["region"]) for body in gateway.bodies(path)]


@pytest.mark.parametrize(
    ("words", "which"),
    [
        (("--store", "Südwind"), ("A2SOUTH", "EU")),
        (("--store", " südwind "), ("A2SOUTH", "EU")),
        (("--store", "ＳＵ\u0308ＤＷＩＮＤ"), ("A2SOUTH", "EU")),
        (("--store", "北极光 户外", "--site", "美国站"), ("A1NORTH", "NA")),
        (("--store", "“北极光户外”", "--site", "《日亚》"), ("A1NORTH", "FE")),
        (("--store", "「Südwind」"), ("A2SOUTH", "EU")),
        (("--store", "北极光户外", "--region", "远东"), ("A1NORTH", "FE")),
        (("--store", "Acme"), ("A4ACME", "NA")),
        (("--store", "ACME"), ("A5ACME", "NA")),
        (("--store", "a3west"), ("A3WEST", "EU")),
        (("--seller-id", "A2SOUTH"), ("A2SOUTH", "EU")),
        (("--seller-id", "A1NORTH", "--site", "JP"), ("A1NORTH", "FE")),
        (("--site", "my German store"), ("A2SOUTH", "EU")),
        (("--site", "GB"), ("A3WEST", "EU")),
        (("--site", "印度站"), ("A3WEST", "EU")),
        (('{"store": "Westwind"}',), ("A3WEST", "EU")),
    ],
)
def test_a_store_is_found_by_what_people_say(
    listed: FakeGateway, run: Run, words: tuple[str, ...], which: tuple[str, str]
) -> None:
    """By name, however it is spelled, and by site or region in either language."""
    assert run("refresh_token.py", *words).code == 0
    assert asked(listed) == [which]


def test_ids_that_say_enough_are_not_looked_up(listed: FakeGateway, run: Run) -> None:
    """They cost one call, as ever."""
    assert run("refresh_token.py", "--seller-id", "A9", "--region", "NA").code == 0
    assert run("store_tokens.py", "--seller-id", "A9", "--site", "DE").code == 0
    assert listed.bodies(STORES) == []
    assert asked(listed, "/spApi/storeTokens") == [("A9", "EU")]


def refused(done: Finished, code: str, exit_code: int = 5) -> dict[str, Any]:
    """The error of a command that was refused."""
    assert (done.code, done.error["code"]) == (exit_code, code), done.stdout
    error: dict[str, Any] = done.error
    assert error["hint"]
    return error


def test_what_fits_several_is_put_to_the_person(listed: FakeGateway, run: Run) -> None:
    """With the flag that tells them apart, and nothing is called for either."""
    error = refused(run("refresh_token.py", "--store", "北极光户外"), "ambiguous")
    assert [(each["sellerName"], each["region"]) for each in error["candidates"]] == [
        ("北极光户外", "NA"),
        ("北极光户外", "FE"),
    ]
    assert error["candidatesTotal"] == 2
    assert "--region or --site" in error["hint"]
    error = refused(run("refresh_token.py", "--store", "acme"), "ambiguous")
    assert "--store" in error["hint"]
    error = refused(run("refresh_token.py", "--seller-id", "A1NORTH"), "ambiguous")
    assert "--region" in error["hint"]
    assert asked(listed) == []


def test_two_stores_that_only_their_ids_tell_apart(listed: FakeGateway, run: Run) -> None:
    """One name, one region: as after a consent in the wrong browser."""
    twins = [store("A1", "北极光户外", "NA"), store("A2", "北极光户外", "NA")]
    listed.answers[STORES] = (200, {"stores": twins, "total": 2})
    error = refused(run("refresh_token.py", "--store", "北极光户外", "--site", "美国"), "ambiguous")
    assert "--seller-id" in error["hint"]
    assert [each["sellerId"] for each in error["candidates"]] == ["A1", "A2"]


def test_a_store_that_is_not_there_is_told_with_what_there_is(listed: FakeGateway, run: Run) -> None:
    """The likeliest first; in which regions a seller is; how to authorize what is missing."""
    error = refused(run("refresh_token.py", "--store", "Südwindd"), "not_found")
    assert error["candidates"][0]["sellerName"] == "Südwind"
    assert error["candidatesTotal"] == len(LISTED)
    error = refused(run("refresh_token.py", "--store", "北极光户外", "--region", "EU"), "not_found")
    assert "authorized in FE, NA, not in region EU" in error["message"]
    assert shlex.split(error["hint"].split("`")[3]) == [
        *("python3", "scripts/authorize_url.py", "--seller-name", "北极光户外", "--region", "EU")
    ]
    error = refused(run("refresh_token.py", "--store", "Südwind", "--site", "UK"), "not_found")
    assert "EU (DE), not in site UK" in error["message"]
    assert "authorize_url.py" not in error["hint"], "a consent in the region where it is adds no site"
    assert "`python3 scripts/authorized_stores.py --refresh`" in error["hint"]
    error = refused(run("refresh_token.py", "--seller-id", "A9"), "not_found")
    assert "A9" in error["message"]


def test_a_site_in_place_of_a_name_is_told_from_one_where_nobody_sells(listed: FakeGateway, run: Run) -> None:
    """The hint does not send into the next refusal."""
    error = refused(run("store_tokens.py", "--store", "德国站"), "not_found")
    assert "give it with --site" in error["hint"]
    error = refused(run("store_tokens.py", "--store", "法国站"), "not_found")
    assert "--site" not in error["hint"]
    assert "no store sells in FR" in error["hint"]


@pytest.mark.parametrize(
    ("script", "lister"),
    [
        ("store_tokens.py", "authorized_stores.py"),
        ("remove_store.py", "authorized_stores.py"),
        ("ads_store_tokens.py", "ads_authorized_stores.py"),
        ("ads_remove_account.py", "ads_authorized_stores.py"),
        ("call_amazon.py", "authorized_stores.py"),
    ],
)
def test_who_names_none_is_told_where_the_names_are(
    listed: FakeGateway, run: Run, script: str, lister: str
) -> None:
    """A user says: my store."""
    words = ("GET", "/orders/v0/orders") if script == "call_amazon.py" else ()
    error = refused(run(script, *words), "bad_arguments", 2)
    what = "ads accounts" if lister.startswith("ads") else "stores"
    assert f"`python3 scripts/{lister}` lists the {what}." in error["hint"]


def test_no_store_at_all_is_to_be_authorized_first(listed: FakeGateway, run: Run) -> None:
    """With the name and the site that were said."""
    listed.answers[STORES] = (200, {"stores": [], "total": 0})
    error = refused(run("refresh_token.py", "--store", "O'Hara $HOME", "--site", "DE"), "not_found")
    command = shlex.split(error["hint"].split("`")[1])
    assert command[2:] == ["--seller-name", "O'Hara $HOME", "--marketplace", "DE"]


def test_two_regions_at_once_are_told_to_be_two(listed: FakeGateway, run: Run) -> None:
    """A link is for one."""
    error = refused(run("authorize_url.py", "--seller-name", "S", "--region", "NA,EU"), "bad_arguments", 2)
    assert error["hint"].startswith("Give one: NA (")


def test_who_authorizes_again_what_is_not_there_is_told_how_to_add_it(listed: FakeGateway, run: Run) -> None:
    """It was removed, or it is new: the nearest name in the list is another store."""
    error = refused(run("authorize_url.py", "--store", "Nordwind", "--region", "EU"), "not_found")
    new = "python3 scripts/authorize_url.py --seller-name Nordwind --region EU"
    assert f"A new one: `{new}`." in error["hint"]
    error = refused(run("authorize_url.py", "--store", "Nordwind"), "not_found")
    assert "A new one: give --seller-name, and its --region." in error["hint"]
    listed.answers[ACCOUNTS] = (200, {"stores": PROFILES, "total": len(PROFILES)})
    error = refused(run("ads_authorize_url.py", "--account", "My Brand"), "not_found")
    assert "A new one: `python3 scripts/ads_authorize_url.py --account-name 'My Brand'`." in error["hint"]


def test_more_candidates_than_a_person_reads_are_counted(listed: FakeGateway, run: Run) -> None:
    """Ten are shown."""
    many = [store(f"A{number}", "Same", "NA") for number in range(40)]
    listed.answers[STORES] = (200, {"stores": many, "total": 40})
    error = refused(run("refresh_token.py", "--store", "same"), "ambiguous")
    assert (len(error["candidates"]), error["candidatesTotal"]) == (10, 40)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--seller-name", "Südwind"), "Did you mean --store?"),
        (("--store", "x", "--seller-id", "A1"), "--store"),
        (("--region", "NA"), "--store"),
        (("--store", "x", "--site", "Atlantis"), "Name a site"),
        (("--site", "DE", "--region", "NA"), "without --region"),
        (('{"sellerName": "Südwind"}',), "Did you mean store?"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused_before_any_call(
    listed: FakeGateway, run: Run, words: tuple[str, ...], hint: str
) -> None:
    """Exit 2, with the flag that is meant."""
    error = refused(run("refresh_token.py", *words), "bad_arguments", 2)
    assert hint in error["hint"]
    assert listed.calls == []


def test_a_sites_name_in_place_of_a_stores_is_understood_as_a_slip(listed: FakeGateway, run: Run) -> None:
    """The right flag is named."""
    error = refused(run("refresh_token.py", "--store", "德国站"), "not_found")
    assert "give it with --site" in error["hint"]


@pytest.mark.parametrize(
    ("name", "words", "path"),
    [
        ("refresh_token.py", (), "/spApi/refreshToken"),
        ("store_tokens.py", (), "/spApi/storeTokens"),
        ("remove_store.py", ("--yes",), "/spApi/removeStore"),
        ("authorize_url.py", (), "/spApi/authorizeUrl"),
        ("with_token.py", ("--", sys.executable, "-c", "print(1)"), "/spApi/storeTokens"),
    ],
)
def test_each_script_of_stores_takes_a_name(
    listed: FakeGateway, run: Run, name: str, words: tuple[str, ...], path: str
) -> None:
    """In place of id and region; the answer tells which store it was."""
    done = run(name, "--store", "Südwind", *words)
    assert done.code == 0, done.stdout
    assert asked(listed, path) == [("A2SOUTH", "EU")]
    if name in ("refresh_token.py", "store_tokens.py", "remove_store.py"):
        assert done.document["sellerName"] == "Südwind"


def test_a_known_store_is_authorized_again_under_its_name_and_in_its_region(
    listed: FakeGateway, run: Run
) -> None:
    """By its id or its name; a new name is taken where one is given."""
    for words in (("--seller-id", "A2SOUTH"), ("--store", "Südwind"), ("--store", "A2SOUTH")):
        assert run("authorize_url.py", *words).code == 0
    assert run("authorize_url.py", "--store", "Südwind", "--seller-name", "Neu").code == 0
    again = {"sellerName": "Südwind", "region": "EU", "sellerId": "A2SOUTH"}
    assert listed.bodies("/spApi/authorizeUrl") == [again, again, again, {**again, "sellerName": "Neu"}]


def test_a_link_for_a_named_seller_who_is_not_known_is_made(listed: FakeGateway, run: Run) -> None:
    """So a new store can be bound to its seller; without a name, or by a name alone, it is not found."""
    assert run("authorize_url.py", "--seller-id", "A9NEW", "--seller-name", "Neu").code == 0
    new = {"sellerName": "Neu", "region": "NA", "sellerId": "A9NEW"}
    assert listed.bodies("/spApi/authorizeUrl") == [new]
    refused(run("authorize_url.py", "--seller-id", "A9NEW"), "not_found")
    refused(run("authorize_url.py", "--store", "A9NEW", "--seller-name", "Neu"), "not_found")


# Ads


def line(number: int, account: str, site: str, record: int, **more: Any) -> dict[str, Any]:
    """A row of the list of ads accounts and sites."""
    return {
        "profileId": number,
        "accountInfoId": f"ADV{record}",
        "accountInfoName": f"{account} Ltd",
        "countryCode": site,
        "region": "EU",
        "authRecordId": record,
        "accountName": account,
        **more,
    }


PROFILES = [
    line(1, "主账号", "UK", 10),
    line(2, "主账号", "DE", 10),
    line(3, "Bolt", "DE", 20),
    line(4, "Agency", "DE", 30, accountInfoId="A1NORTH", accountInfoName="Nordlicht"),
    line(5, "Agency", "UK", 30, accountInfoName="Other"),
]


@pytest.fixture
def ads(listed: FakeGateway) -> FakeGateway:
    """A gateway with three ads accounts, one of them of an agency."""
    listed.answers[ACCOUNTS] = (200, {"stores": PROFILES, "total": len(PROFILES)})
    listed.answers["/amazonAds/refreshToken"] = (200, tokens())
    listed.answers["/amazonAds/storeTokens"] = (200, tokens(clientId="amzn1.application-oa2-client.7"))
    listed.answers["/amazonAds/removeAccount"] = (200, {"removed": True})
    listed.answers["/amazonAds/authorizeUrl"] = (200, {"authorizeUrl": ADS_LINK})
    return listed


@pytest.mark.parametrize(
    ("words", "which"),
    [
        (("--account", "主账号"), {"authRecordId": 10}),
        (("--account", "主帐户"), {"authRecordId": 10}),
        (("--account", "主账号", "--site", "德国"), {"profileId": 2}),
        (("--account", "Bolt Ltd"), {"authRecordId": 20}),
        (("--account", "Nordlicht"), {"authRecordId": 30}),
        (("--account", "北极光户外"), {"authRecordId": 30}),
        (("--account", "北极光户外", "--site", "DE"), {"profileId": 4}),
        (("--auth-record-id", "20"), {"authRecordId": 20}),
        (("--profile-id", "3"), {"profileId": 3}),
    ],
)
def test_an_ads_account_is_found_by_what_people_say(
    ads: FakeGateway, run: Run, words: tuple[str, ...], which: dict[str, int]
) -> None:
    """Its own name, its advertiser's, or that of the store that the advertiser is."""
    assert run("ads_refresh_token.py", *words).code == 0
    assert ads.bodies("/amazonAds/refreshToken") == [which]


def test_an_account_that_is_not_there_is_told_with_what_there_is(ads: FakeGateway, run: Run) -> None:
    """The likeliest first."""
    error = refused(run("ads_refresh_token.py", "--account", "Boltt"), "not_found")
    assert [each["accountName"] for each in error["candidates"]] == ["Bolt", "主账号", "Agency"]
    error = refused(run("ads_refresh_token.py", "--account-name", "Bolt"), "bad_arguments", 2)
    assert "Did you mean --account?" in error["hint"]


def test_two_accounts_of_one_name_are_told_apart_by_their_record(ads: FakeGateway, run: Run) -> None:
    """That is all there is to tell them apart by."""
    twins = [line(1, "Acme", "UK", 10), line(2, "Acme", "DE", 20)]
    ads.answers[ACCOUNTS] = (200, {"stores": twins, "total": 2})
    error = refused(run("ads_remove_account.py", "--account", "acme", "--yes"), "ambiguous")
    assert [each["authRecordId"] for each in error["candidates"]] == [10, 20]
    assert "--auth-record-id" in error["hint"]


def test_an_account_that_another_one_covers_can_still_be_named(ads: FakeGateway, run: Run) -> None:
    """It has ended, and is to be authorized again or removed."""
    ended = [{"authRecordId": 40, "accountName": "Old", "status": "needs_reauthorization"}]
    ads.answers[ACCOUNTS] = (200, {"stores": PROFILES, "total": len(PROFILES), "coveredAccounts": ended})
    assert run("ads_remove_account.py", "--account", "old", "--yes").code == 0
    assert ads.bodies("/amazonAds/removeAccount") == [{"authRecordId": 40}]


def test_nothing_is_removed_by_an_advertisers_name(ads: FakeGateway, run: Run) -> None:
    """An agency's authorization covers others as well."""
    refused(run("ads_remove_account.py", "--account", "Nordlicht", "--yes"), "not_found")
    assert ads.bodies("/amazonAds/removeAccount") == []
    done = run("ads_remove_account.py", "--account", "agency", "--yes")
    assert done.document["accountName"] == "Agency"
    assert ads.bodies("/amazonAds/removeAccount") == [{"authRecordId": 30}]


def test_the_other_scripts_of_ads_take_a_name_as_well(ads: FakeGateway, run: Run) -> None:
    """For a token, for a program's token, and to authorize again."""
    assert run("ads_store_tokens.py", "--account", "Bolt", "--site", "DE").document["profileId"] == 3
    show = "import os; print(os.environ['AMAZON_ADS_PROFILE_ID'])"
    done = run("with_token.py", "--account", "主账号", "--site", "UK", "--", sys.executable, "-c", show)
    assert done.stdout.strip() == "1"
    assert run("ads_authorize_url.py", "--account", "bolt").code == 0
    assert run("ads_authorize_url.py", json.dumps({"authRecordId": 20})).code == 0
    again = {"accountName": "Bolt", "authRecordId": 20}
    assert ads.bodies("/amazonAds/authorizeUrl") == [again, again]
    error = refused(run("ads_authorize_url.py", "--auth-record-id", "99"), "not_found")
    assert error["candidatesTotal"] == 3


def test_a_store_that_cannot_be_asked_for_changes_nothing(ads: FakeGateway, run: Run) -> None:
    """An advertiser's name may be a store's; where the stores cannot be had it is simply not found."""
    ads.answers[STORES] = (500, {"errcode": 500, "errmsg": "x"})
    refused(run("ads_resolve_profile.py", "--account", "北极光户外"), "not_found")


@pytest.mark.parametrize(
    "words",
    [("--store", "x", "--account", "y"), ("--site", "DE"), ("--profile-id", "1", "--site", "DE"), ()],
)
def test_a_token_is_of_a_store_or_of_a_profile(ads: FakeGateway, run: Run, words: tuple[str, ...]) -> None:
    """A site alone does not say of which."""
    error = refused(run("with_token.py", *words, "--", "true"), "bad_arguments", 2)
    assert "--store" in error["hint"] or "--account" in error["message"] + error["hint"]
    assert ads.calls == []
