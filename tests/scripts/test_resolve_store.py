"""resolve_store.py, the renaming scripts and `authorized_stores.py --refresh`, as their users run them."""

import shlex
from typing import Any

import pytest

from tests.scripts.conftest import Run
from tests.scripts.test_choice import LISTED, SITE_IDS, STORES, refused, store
from tests.support.fake_gateway import FakeGateway


@pytest.fixture
def listed(gateway: FakeGateway) -> FakeGateway:
    """A gateway with stores of which some share a name."""
    gateway.answers[STORES] = (200, {"stores": LISTED, "total": len(LISTED), "sandbox": True})
    return gateway


@pytest.mark.parametrize(
    ("words", "seller", "region"),
    [
        (("--name", "westwind"), "A3WEST", "EU"),
        (("--name", "my German store"), "A2SOUTH", "EU"),
        (("--name", "我的德国店铺"), "A2SOUTH", "EU"),
        (("--site", "GB"), "A3WEST", "EU"),
        (("--site", "印度站"), "A3WEST", "EU"),
        (("--name", "北极光户外", "--site", "日本"), "A1NORTH", "FE"),
        (("--name", "北极光户外", "--region", "北美"), "A1NORTH", "NA"),
        (("--seller-id", "A2SOUTH"), "A2SOUTH", "EU"),
        (('{"name": "Südwind", "site": "DE"}',), "A2SOUTH", "EU"),
    ],
)
def test_a_store_is_found_by_what_people_say(
    listed: FakeGateway, run: Run, words: tuple[str, ...], seller: str, region: str
) -> None:
    """By name, site, both, or a phrase that holds a site."""
    document = run("resolve_store.py", *words).good()
    assert (document["sellerId"], document["region"], document["sandbox"]) == (seller, region, True)


def test_the_answer_holds_what_a_call_wants(listed: FakeGateway, run: Run) -> None:
    """All marketplace ids of the store, and that of the site that was named."""
    document = run("resolve_store.py", "--name", "Westwind", "--site", "英国站").good()
    assert document["marketplaceIds"] == [SITE_IDS["UK"], SITE_IDS["IN"]]
    assert (document["site"], document["marketplaceId"]) == ("UK", SITE_IDS["UK"])
    assert "notes" not in document
    document = run("resolve_store.py", "--name", "Westwind").good()
    assert "marketplaceId" not in document


def test_a_site_where_the_seller_takes_no_part_is_none_of_the_stores(listed: FakeGateway, run: Run) -> None:
    """Amazon lists it all the same."""
    away = store("A2SOUTH", "Südwind", "EU", "DE", "UK")
    away["sites"][1]["participating"] = False
    listed.answers[STORES] = (200, {"stores": [away], "total": 1})
    document = run("resolve_store.py", "--name", "Südwind").good()
    assert document["marketplaceIds"] == [SITE_IDS["DE"]]
    error = refused(run("resolve_store.py", "--site", "UK"), "not_found")
    assert "EU (DE)" in error["message"]


def test_where_no_sites_are_known_the_region_decides_and_says_so(listed: FakeGateway, run: Run) -> None:
    """And how they are to be had."""
    document = run("resolve_store.py", "--name", "北极光户外", "--site", "US").good()
    assert document["marketplaceId"] == SITE_IDS["US"]
    assert "`python3 scripts/authorized_stores.py --refresh`" in document["notes"][0]


def test_the_hosted_gateway_knows_no_sites(hosted: FakeGateway, run_hosted: Run) -> None:
    """The note does not send anybody to a command that it has not."""
    hosted.answers[STORES] = (200, {"errcode": 200, "stores": [store("A1", "Acme", "EU")]})
    document = run_hosted("resolve_store.py", "--site", "DE").good()
    assert document["sellerId"] == "A1"
    assert "hosted" in document["notes"][0]
    assert "--refresh" not in document["notes"][0]


def test_several_or_none_are_told_as_ever(listed: FakeGateway, run: Run) -> None:
    """With candidates."""
    refused(run("resolve_store.py", "--name", "北极光户外"), "ambiguous")
    refused(run("resolve_store.py", "--name", "Narnia"), "not_found")
    refused(run("resolve_store.py", "--name", "美国站"), "ambiguous")


def test_the_name_goes_by_the_flag_of_the_other_scripts_too(listed: FakeGateway, run: Run) -> None:
    """The hint of an ambiguous answer names that flag, and is to be followed to the letter."""
    error = refused(run("resolve_store.py", "--site", "US"), "ambiguous")
    assert "give it with --store" in error["hint"]
    assert run("resolve_store.py", "--store", "Acme").good()["sellerId"] == "A4ACME"
    assert run("resolve_store.py", "--store", "我的德国店铺").good()["sellerId"] == "A2SOUTH"
    refused(run("resolve_store.py", "--store", "Acme", "--name", "Acme"), "bad_arguments", 2)


def test_the_only_store_need_not_be_named(listed: FakeGateway, run: Run) -> None:
    """Of several, those are named to choose from; a region alone may be enough."""
    error = refused(run("resolve_store.py"), "ambiguous")
    assert len(error["candidates"]) == len(LISTED)
    assert run("resolve_store.py", "--region", "FE").good()["sellerId"] == "A1NORTH"
    listed.answers[STORES] = (200, {"stores": LISTED[:1], "total": 1})
    assert run("resolve_store.py").good()["sellerId"] == "A1NORTH"


def test_a_store_and_an_account_get_another_name(listed: FakeGateway, run: Run) -> None:
    """The answer is the gateway's."""
    listed.answers["/spApi/renameStore"] = (200, {"sellerName": "Neu", "previousName": "Südwind"})
    done = run("rename_store.py", "--store", "Südwind", "--new-name", " Neu ")
    assert done.good()["previousName"] == "Südwind"
    asked = {"sellerId": "A2SOUTH", "region": "EU", "sellerName": "Neu"}
    assert listed.bodies("/spApi/renameStore") == [asked]
    listed.answers["/amazonAds/renameAccount"] = (200, {"accountName": "New"})
    assert run("ads_rename_account.py", "--auth-record-id", "7", "--new-name", "New").good()["accountName"]
    assert listed.bodies("/amazonAds/renameAccount") == [{"authRecordId": 7, "accountName": "New"}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rename_store.py", ("--store", "x")),
        ("rename_store.py", ("--new-name", "x")),
        ("rename_store.py", ("--store", "x", "--new-name", " ")),
        ("ads_rename_account.py", ("--account", "x")),
        ("ads_rename_account.py", ("--new-name", "x")),
    ],
)
def test_who_names_no_name_is_told_to_ask(
    listed: FakeGateway, run: Run, name: str, words: tuple[str, ...]
) -> None:
    """Nothing is called."""
    refused(run(name, *words), "bad_arguments", 2)
    assert listed.calls == []


@pytest.mark.parametrize("name", ["rename_store.py", "ads_rename_account.py"])
@pytest.mark.parametrize("flag", ["--name", "--seller-name", "--account-name"])
def test_another_word_for_the_new_name_is_understood_as_a_slip(
    listed: FakeGateway, run: Run, name: str, flag: str
) -> None:
    """Who renames gives a name first of all."""
    error = refused(run(name, flag, "x"), "bad_arguments", 2)
    assert error["hint"] == "Did you mean --new-name?"


def test_the_hosted_gateway_renames_by_a_consent_alone(hosted: FakeGateway, run_hosted: Run) -> None:
    """It is said, and not tried."""
    for words in (("rename_store.py", "--store", "x"), ("ads_rename_account.py", "--account", "x")):
        error = refused(run_hosted(*words, "--new-name", "y"), "bad_arguments", 2)
        assert "again under the new name" in error["hint"]
    assert (
        "does not tell"
        in refused(run_hosted("authorized_stores.py", "--refresh"), "bad_arguments", 2)["hint"]
    )
    assert hosted.calls == []


def test_a_gateway_that_is_older_is_named_as_the_reason(listed: FakeGateway, run: Run) -> None:
    """It has no address for a name, and lets a wish that it does not know pass without a word."""
    unknown = {"errcode": 1002, "reason": "unknown_path", "errmsg": "The gateway has no such address"}
    listed.answers["/spApi/renameStore"] = (404, unknown)
    error = refused(run("rename_store.py", "--store", "Südwind", "--new-name", "Neu"), "not_found")
    assert "older than these scripts" in error["hint"]
    document = run("authorized_stores.py", "--refresh").good()
    assert document["refreshed"] is False
    assert "older than these scripts" in document["notes"][0]


def failed(name: str, region: str, reason: str) -> dict[str, Any]:
    """One of the `failures` of a refresh."""
    told = {"sellerId": f"A{name.upper()}", "sellerName": name, "region": region}
    return told | {"reason": reason, "errmsg": "EVIL", "hint": "EVIL"}


def test_a_refresh_asks_for_the_page_and_names_each_store_that_failed(listed: FakeGateway, run: Run) -> None:
    """What passes is to be waited for; what was revoked is authorized again, by a command as it is typed."""
    failures = [failed("Süd", "EU", "amazon_failed"), failed("O'Hara", "NA", "store_revoked")]
    answer = {"stores": LISTED[:3], "total": 6, "refreshed": False, "failures": failures}
    listed.answers[STORES] = (200, answer)
    document = run("authorized_stores.py", "--refresh", "--limit", "3", "--offset", "1").good()
    assert listed.bodies(STORES) == [{"refresh": True, "limit": 3, "offset": 1}]
    assert (len(document["stores"]), document["total"], document["nextOffset"]) == (3, 6, 4)
    waiting, again = document["notes"]
    assert "Süd (EU)" in waiting
    assert "`python3 scripts/authorized_stores.py --refresh`" in waiting
    assert "Authorize nothing" in waiting
    command = shlex.split(again.split("`")[1])
    assert command[1:] == ["scripts/authorize_url.py", "--seller-id", "AO'HARA", "--region", "NA"]
    assert "EVIL" not in waiting + again
