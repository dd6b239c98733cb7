"""At which sites a store takes part: kept from the first look, listed, and read anew."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.authorization.site_refresh import AT_ONCE, SiteRefresh
from gateway.vault.errors import VaultError
from tests.support.gateway_server import Amazon, Gateway
from tests.support.house import until

SELLER = "A1SANDBOXNA001"
PATH = "/sellers/v1/marketplaceParticipations"
LIST = "/spApi/authorizedStores"


def listed(gateway: Gateway, **body: Any) -> dict[str, dict[str, Any]]:
    """The caller's stores by region."""
    return {each["region"]: each for each in gateway.good(LIST, body)["stores"]}


def sites(row: dict[str, Any]) -> dict[str, bool]:
    """At which sites a store takes part, by country code."""
    return {site["countryCode"]: site["participating"] for site in row["sites"]}


def answering(*elements: Any) -> dict[str, Any]:
    """An answer of Amazon's with these elements."""
    return {"status": 200, "body": json.dumps({"payload": elements})}


def element(site: str, domain: str, **more: Any) -> dict[str, Any]:
    """An element of Amazon's list, at a site that no file knows."""
    marketplace = {"id": site, "countryCode": "us", "name": f"Name {site}", "domainName": domain}
    return {"marketplace": marketplace, "participation": {"isParticipating": True}, **more}


def test_a_store_is_listed_with_its_sites(gateway: Gateway) -> None:
    """What Amazon told at the authorization, with when; Britain is UK, as everywhere."""
    told = gateway.authorize_store("A1SANDBOXEU001", "EU")["store"]
    (row,) = gateway.good(LIST)["stores"]
    assert row == told
    assert row["sitesReadAt"] == "2027-01-15T08:00:00Z"
    by_country = {site["countryCode"]: site for site in row["sites"]}
    assert by_country["DE"] | {"storeName": ""} == {
        "marketplaceId": "A1PA6795UKMFR9",
        "countryCode": "DE",
        "name": "Amazon.de",
        "storeName": "",
        "participating": True,
    }
    assert by_country["DE"]["storeName"]
    assert "UK" in by_country
    assert "GB" not in by_country
    assert {site["participating"] for site in row["sites"]} == {True, False}
    assert row["central"] == "seller"


def test_an_imported_store_has_them_too(gateway: Gateway, amazon: Amazon) -> None:
    """And is not called verified for that."""
    wanted = {"sellerId": SELLER, "region": "NA"}
    token = amazon.control("grants", [wanted])["grants"][0]["refreshToken"]
    imported = gateway.good("/spApi/importStore", {**wanted, "sellerName": "Mine", "refreshToken": token})
    (row,) = gateway.good(LIST)["stores"]
    assert row["sites"] == imported["sites"]
    assert sites(row)["US"] is True
    assert row["verified"] is None
    assert "central" not in row


def test_a_store_that_amazon_did_not_answer_for_has_none(gateway: Gateway) -> None:
    """No field stands for what nobody knows."""
    gateway.amazon.fault({"status": 403, "body": '{"errors": [{"details": ""}]}'}, path=PATH)
    gateway.authorize_store()
    (row,) = gateway.good(LIST)["stores"]
    assert "sites" not in row
    assert "sitesReadAt" not in row


def test_a_refresh_asks_amazon_anew(gateway: Gateway) -> None:
    """Without it nothing is asked; with it the list tells what has changed, and when it was read."""
    gateway.authorize_store()
    gateway.amazon.control("ledger/reset", {})
    assert "refreshed" not in gateway.good(LIST)
    assert gateway.amazon.calls() == []
    gateway.clock.step(60)
    gateway.amazon.fault(answering(element("ATVPDKIKX0DER", "www.amazon.com", storeName="店铺")), path=PATH)
    answer = gateway.good(LIST, {"refresh": True})
    assert (answer["refreshed"], "failures" in answer) == (True, False)
    (row,) = answer["stores"]
    assert row["sites"] == [
        {
            "marketplaceId": "ATVPDKIKX0DER",
            "countryCode": "US",
            "name": "Name ATVPDKIKX0DER",
            "storeName": "店铺",
            "participating": True,
        }
    ]
    assert row["sitesReadAt"] == "2027-01-15T08:01:00Z"
    assert gateway.good(LIST)["stores"] == [row]


def test_what_is_no_shop_of_amazon_s_is_left_out(gateway: Gateway) -> None:
    """What other shops' orders stand under; a shop that opened lately stays, and what cannot be read goes."""
    gateway.authorize_store()
    no_shops = [
        element("A2ZV50J4W1RKNI", "sim1.stores.amazon.com"),
        element("AHRY1CZE9ZY4H", "invoicing-shadow-marketplace.amazon.com"),
        element("", "www.amazon.com"),
        {"marketplace": {"id": 7}, "participation": {}},
        {"marketplace": None},
        "ATVPDKIKX0DER",
    ]
    gateway.amazon.fault(answering(*no_shops, element("A9NEW", "www.amazon.xx")), path=PATH)
    gateway.good(LIST, {"refresh": True})
    assert [site["marketplaceId"] for site in listed(gateway)["NA"]["sites"]] == ["A9NEW"]
    gateway.amazon.fault(answering(), path=PATH)
    assert listed(gateway, refresh=True)["NA"]["sites"] == []


def test_a_list_can_be_narrowed(gateway: Gateway) -> None:
    """To a seller, a region, or both; what is not wanted is not asked for either."""
    for region in ("NA", "EU"):
        gateway.authorize_store("A1SANDBOXWORLD", region)
    gateway.authorize_store()
    assert gateway.good(LIST, {"sellerId": "A1SANDBOXWORLD"})["total"] == 2
    assert gateway.good(LIST, {"region": "na"})["total"] == 2
    gateway.amazon.control("ledger/reset", {})
    one = gateway.good(LIST, {"sellerId": "A1SANDBOXWORLD", "region": "EU", "refresh": True})
    assert [each["region"] for each in one["stores"]] == ["EU"]
    assert [call["host"] for call in gateway.amazon.calls(path=PATH)] == ["sellingpartnerapi-eu.amazon.com"]
    assert gateway.good(LIST, {"sellerId": "NOBODY"})["stores"] == []
    gateway.bad(LIST, {"region": "XX"}, status=400)
    gateway.bad(LIST, {"refresh": "yes"}, status=400)


def test_an_indian_store_is_found_under_the_far_east(gateway: Gateway) -> None:
    """As every other call finds it."""
    gateway.authorize_store("A1SANDBOXEU002", "EU", marketplace="IN")
    found = gateway.good(LIST, {"sellerId": "A1SANDBOXEU002", "region": "FE"})
    assert [each["region"] for each in found["stores"]] == ["EU"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 503}, "amazon_failed"),
        ({"status": 200, "body": "{}"}, "amazon_failed"),
        ({"status": 429}, "amazon_throttled"),
        ({"status": 403, "body": '{"errors": [{"details": ""}]}'}, "role_missing"),
        ({"status": 403, "body": '{"errors": [{"details": "no, not you"}]}'}, "amazon_rejected"),
    ],
)
def test_a_store_that_cannot_be_read_keeps_what_was_known(
    gateway: Gateway, fault: dict[str, Any], reason: str
) -> None:
    """It is named, with why and what to do; the others are read."""
    for region in ("NA", "EU"):
        gateway.authorize_store("A1SANDBOXWORLD", region, sellerName=f"World {region}")
    before = listed(gateway)
    gateway.clock.step(60)
    gateway.amazon.fault(fault, times=None, path=PATH, host="sellingpartnerapi-na.amazon.com")
    answer = gateway.good(LIST, {"refresh": True})
    assert answer["refreshed"] is False
    (failure,) = answer["failures"]
    assert (failure["sellerName"], failure["region"], failure["reason"]) == ("World NA", "NA", reason)
    assert failure["errmsg"]
    assert failure["hint"]
    now = listed(gateway)
    assert now["NA"]["sites"] == before["NA"]["sites"]
    assert now["NA"]["sitesReadAt"] == before["NA"]["sitesReadAt"]
    assert now["EU"]["sitesReadAt"] > before["EU"]["sitesReadAt"]


def test_a_store_that_was_revoked_is_told_as_that(gateway: Gateway) -> None:
    """Its token is refused, the refresh proves it, and the list says what it has come to."""
    gateway.authorize_store()
    gateway.amazon.control("revoke", {"sellerId": SELLER})
    answer = gateway.good(LIST, {"refresh": True})
    assert [failure["reason"] for failure in answer["failures"]] == ["store_revoked"]
    assert answer["stores"][0]["status"] == "needs_reauthorization"
    assert answer["stores"][0]["sites"]


def test_a_token_that_ended_early_is_renewed_once(gateway: Gateway) -> None:
    """Amazon says that it has expired; the sites come with another one."""
    gateway.authorize_store()
    gateway.amazon.control("expire", {"sellerId": SELLER})
    assert gateway.good(LIST, {"refresh": True})["refreshed"] is True
    assert len(gateway.amazon.refreshes()) == 1


def test_each_user_s_stores_alone_are_asked_for(gateway: Gateway) -> None:
    """Neither read nor listed for another, who may have the same seller."""
    gateway.add_user("guest")
    gateway.authorize_store()
    gateway.amazon.control("ledger/reset", {})
    assert gateway.good(LIST, {"refresh": True, "sellerId": SELLER}, user="guest")["stores"] == []
    assert gateway.amazon.calls() == []
    gateway.authorize_store(user="guest")
    before = listed(gateway)
    gateway.clock.step(60)
    (theirs,) = gateway.good(LIST, {"refresh": True}, user="guest")["stores"]
    assert theirs["sitesReadAt"] > before["NA"]["sitesReadAt"]
    assert listed(gateway) == before


def test_sites_go_with_their_store(gateway: Gateway) -> None:
    """Who authorizes it again sees what Amazon tells then."""
    gateway.authorize_store()
    gateway.good("/spApi/removeStore", {"sellerId": SELLER, "region": "NA"})
    with gateway.vault.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM store_sites").scalar_one() == 0


def test_a_slow_store_holds_up_nobody(gateway: Gateway) -> None:
    """While Amazon does not answer for one, the others are read and kept."""
    stores = {
        region: gateway.authorize_store("A1SANDBOXWORLD", region)["store"]["authRecordId"]
        for region in ("EU", "NA")
    }
    gateway.clock.step(60)
    gateway.amazon.fault({"hold": "slow"}, path=PATH, host="sellingpartnerapi-eu.amazon.com")

    def read(region: str) -> bool:
        grant = gateway.vault.grants.get(stores[region])
        assert grant is not None
        known = gateway.vault.store_sites.of([grant])[grant.id]
        return known.read_at == int(gateway.clock.now())

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gateway.good, LIST, {"refresh": True})
        gateway.amazon.until_held("slow")
        until(lambda: read("NA"), "the other store is read")
        assert not read("EU")
        gateway.amazon.release("slow")
        assert answer.result()["refreshed"] is True
    assert read("EU")


def test_nobody_waits_for_ever(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not read when the time is over counts as not answered, and keeps what was known."""
    gateway.authorize_store()
    monkeypatch.setattr(gateway.app.state.services.site_refresh, "_patience", 0.0)
    answer = gateway.good(LIST, {"refresh": True})
    (failure,) = answer["failures"]
    assert failure["reason"] == "amazon_failed"
    assert "no answer within 0 seconds" in failure["errmsg"]
    assert answer["stores"][0]["sites"]


@pytest.mark.parametrize("end", ["the caller goes", "the vault is away"])
def test_nothing_is_asked_for_a_call_that_has_ended(end: str) -> None:
    """Of many stores those whose turn has not come are left alone."""
    asked: list[int] = []

    async def story() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def fresh(grant_id: int) -> None:
            asked.append(grant_id)
            if len(asked) == AT_ONCE:
                begun.set()
                if end == "the vault is away":
                    raise VaultError("away", "wait")
            await go_on.wait()
            raise VaultError("away", "wait")

        stores: Any = [SimpleNamespace(id=number) for number in range(AT_ONCE * 3)]
        unused: Any = None
        tokens: Any = SimpleNamespace(fresh=fresh)
        call = asyncio.create_task(SiteRefresh(unused, tokens).refresh(stores))
        await begun.wait()
        if end == "the caller goes":
            call.cancel()
        await asyncio.wait([call])
        go_on.set()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)

    asyncio.run(story())
    assert len(asked) <= AT_ONCE + 1
