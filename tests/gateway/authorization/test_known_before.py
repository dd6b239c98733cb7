"""Whether what was authorized was known before: told by status, completion, import and the result page."""

from typing import Any

import pytest

from gateway.web.texts import LANGUAGES
from tests.support.gateway_server import Amazon, Gateway, text_of
from tests.support.visitor import Visitor

SELLER = "A1SANDBOXNA001"
OTHER = "A1SANDBOXNA002"
TOLD = ("alreadyKnown", "previousName", "sameName")


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer says of what was known before."""
    return {name: answer[name] for name in TOLD if name in answer}


def page_of(gateway: Gateway, link: str, **choices: str) -> str:
    """Consent, and return the words of the page that the browser ends on."""
    return text_of(gateway.open(gateway.amazon.consent(link, decision="confirm", **choices))[1])


def test_a_new_store_is_told_from_a_known_one(gateway: Gateway) -> None:
    """Signed in as a store that is there already, a person adds none, and the answer says so."""
    assert told(gateway.authorize_store(sellerName="T2")) == {"alreadyKnown": False}
    again = gateway.authorize_store(sellerName="Second Store")
    assert told(again) == {"alreadyKnown": True, "previousName": "T2"}
    assert told(gateway.status("spapi", again["authorizationId"])) == told(again)
    assert told(gateway.authorize_store(sellerName="Second Store")) == {"alreadyKnown": True}
    assert gateway.good("/spApi/authorizedStores")["total"] == 1


def test_stores_of_one_name_are_counted(gateway: Gateway) -> None:
    """After a consent with the wrong login two stores have one name; another user's do not count."""
    gateway.add_user("guest")
    assert told(gateway.authorize_store(sellerName="北极光户外", user="guest")) == {"alreadyKnown": False}
    gateway.authorize_store(sellerName="北极光户外")
    assert told(gateway.authorize_store(OTHER, sellerName="北极光户外")) == {
        "alreadyKnown": False,
        "sameName": 1,
    }
    assert told(gateway.authorize_store("A1SANDBOXEU001", "EU", sellerName="北极光户外"))["sameName"] == 2


def test_an_account_is_told_likewise(gateway: Gateway) -> None:
    """By its name or by its number; no two accounts have one name."""
    first = gateway.authorize_account(accountName="Brand")
    assert told(first) == {"alreadyKnown": False}
    assert told(gateway.authorize_account(accountName="Brand")) == {"alreadyKnown": True}
    record = first["account"]["authRecordId"]
    renamed = gateway.authorize_account(accountName="New", authRecordId=record)
    assert told(renamed) == {"alreadyKnown": True, "previousName": "Brand"}


def test_who_completes_is_told_it_too(gateway: Gateway) -> None:
    """The browser cannot reach the callback, and the person brings its address."""
    gateway.authorize_store(sellerName="T2")
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "Other"})
    back = gateway.amazon.consent(begun["authorizeUrl"], decision="confirm", selling_partner_id=SELLER)
    ended = gateway.good("/spApi/completeAuthorization", {"callbackUrl": back})
    assert told(ended) == {"alreadyKnown": True, "previousName": "T2"}


@pytest.mark.parametrize("name", ["Mine", "Renamed"])
def test_an_import_tells_it(gateway: Gateway, amazon: Amazon, name: str) -> None:
    """With the other fields of an import as they were."""
    gateway.authorize_store(OTHER, sellerName="Renamed")
    wanted = {"sellerId": SELLER, "region": "NA"}
    tokens = [grant["refreshToken"] for grant in amazon.control("grants", [wanted, wanted])["grants"]]
    first = gateway.good("/spApi/importStore", {**wanted, "sellerName": "Mine", "refreshToken": tokens[0]})
    assert told(first) == {"alreadyKnown": False}
    again = gateway.good("/spApi/importStore", {**wanted, "sellerName": name, "refreshToken": tokens[1]})
    renamed = {"previousName": "Mine", "sameName": 1} if name == "Renamed" else {}
    assert (again["replaced"], told(again)) == (True, {"alreadyKnown": True, **renamed})


def test_what_is_kept_in_two_regions_is_two_stores(gateway: Gateway) -> None:
    """One seller, one name: the second region is no store that was known."""
    gateway.authorize_store("A1SANDBOXWORLD", "NA", sellerName="World")
    ended = gateway.authorize_store("A1SANDBOXWORLD", "EU", sellerName="World")
    assert told(ended) == {"alreadyKnown": False, "sameName": 1}


def test_a_store_of_india_that_moves_to_a_known_one_is_known(gateway: Gateway) -> None:
    """It came as one of the Far East, and is kept under Europe with the name that it has now."""
    gateway.authorize_store("A1SANDBOXEU002", "EU", sellerName="Delhi", marketplace="IN")
    ended = gateway.authorize_store("A1SANDBOXEU002", "FE", sellerName="Mumbai")
    assert ended["store"]["region"] == "EU"
    assert told(ended) == {"alreadyKnown": True, "previousName": "Delhi"}


def test_the_page_says_it(gateway: Gateway) -> None:
    """In both languages; nothing of it on the page of a new store."""
    link = gateway.good("/spApi/authorizeUrl", {"sellerName": "T2"})["authorizeUrl"]
    assert "connected before" not in page_of(gateway, link, selling_partner_id=SELLER)
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "<Second>"})
    page = page_of(gateway, begun["authorizeUrl"], selling_partner_id=SELLER)
    assert "It was connected before" in page
    assert "Its name until now: T2." in page
    chinese = Visitor(gateway).page(
        f"/oauth/result/{begun['authorizationId']}", **{"Accept-Language": "zh-CN"}
    )
    assert LANGUAGES["zh"].words["previous_name"].format(name="T2").strip() in chinese.text


def test_the_page_of_an_account_names_its_sites(gateway: Gateway) -> None:
    """Who signed in with another login than the account's sees that other sites came."""
    link = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Brand"})["authorizeUrl"]
    first = page_of(gateway, link, advertiser_id="SANDBOX_BRANDS")
    assert "Sites United States, Canada, Mexico, United Kingdom" in " ".join(first.split())
    link = gateway.good("/amazonAds/authorizeUrl", {"accountName": "Brand"})["authorizeUrl"]
    again = page_of(gateway, link, advertiser_id="SANDBOX_PARTNERS")
    assert "Sites United States" in " ".join(again.split())
    assert "Canada" not in again


def test_a_removed_store_tells_nothing(gateway: Gateway) -> None:
    """What was known of it went with it."""
    gateway.authorize_store(sellerName="T2")
    again = gateway.authorize_store(sellerName="Other")
    gateway.good("/spApi/removeStore", {"sellerId": SELLER, "region": "NA"})
    assert told(gateway.status("spapi", again["authorizationId"])) == {}


def test_the_wrong_seller_is_named_with_the_expected_one(gateway: Gateway) -> None:
    """In the status, also later, and on the page: the person sees which login to change."""
    begun = gateway.good("/spApi/authorizeUrl", {"sellerName": "S", "sellerId": SELLER})
    page = page_of(gateway, begun["authorizeUrl"], selling_partner_id=OTHER)
    status = gateway.status("spapi", begun["authorizationId"])
    assert (status["state"], status["reason"]) == ("failed", "wrong_seller")
    assert (status["expectedSellerId"], status["gotSellerId"]) == (SELLER, OTHER)
    assert status["region"] == "NA", "a seller may be in several, and the next link has to be for this one"
    assert SELLER in page
    assert OTHER in page
    assert "gotSellerId" not in gateway.authorize_store(sellerId=SELLER)
