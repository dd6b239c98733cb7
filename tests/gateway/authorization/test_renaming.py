"""Another name for a store or an ads account, without Amazon and without a new consent."""

import pytest

from tests.support.gateway_server import Gateway

SELLER = "A1SANDBOXNA001"
STORE = {"sellerId": SELLER, "region": "NA"}


def test_a_store_is_renamed_and_nothing_else(gateway: Gateway) -> None:
    """The list has the new name; its number and its tokens stay, and Amazon is not asked."""
    gateway.authorize_store(sellerName="T2")
    before = gateway.good("/spApi/storeTokens", STORE)
    gateway.vault.usage.flush()
    (listed,) = gateway.good("/spApi/authorizedStores")["stores"]
    gateway.amazon.control("ledger/reset", {})
    renamed = gateway.good("/spApi/renameStore", {"sellerId": SELLER, "sellerName": " 北极光户外 "})
    assert (renamed["sellerName"], renamed["previousName"], renamed["region"]) == ("北极光户外", "T2", "NA")
    gateway.vault.usage.flush()
    (now,) = gateway.good("/spApi/authorizedStores")["stores"]
    assert now == listed | {"sellerName": "北极光户外"}
    assert gateway.good("/spApi/storeTokens", STORE) == before | {"sellerName": "北极光户外"}
    assert gateway.amazon.calls() == []
    again = gateway.good("/spApi/renameStore", {**STORE, "sellerName": "北极光户外"})
    assert "previousName" not in again


def test_which_region_is_meant_is_asked(gateway: Gateway) -> None:
    """A seller of several regions has a store in each; each may have a name of its own."""
    for region in ("NA", "EU"):
        gateway.authorize_store("A1SANDBOXWORLD", region, sellerName="World")
    body = {"sellerId": "A1SANDBOXWORLD", "sellerName": "World EU"}
    assert gateway.bad("/spApi/renameStore", body, status=409)["reason"] == "ambiguous"
    assert "sameName" not in gateway.good("/spApi/renameStore", {**body, "region": "EU"})
    names = [store["sellerName"] for store in gateway.good("/spApi/authorizedStores")["stores"]]
    assert names == ["World EU", "World"]
    back = gateway.good("/spApi/renameStore", {**body, "region": "EU", "sellerName": "World"})
    assert back["sameName"] == 1


def test_an_account_is_renamed_unless_the_name_is_taken(gateway: Gateway) -> None:
    """Each of its profiles is listed under the new name."""
    record = gateway.authorize_account("SANDBOX_BRANDS", accountName="Brand")["account"]["authRecordId"]
    gateway.authorize_account("SANDBOX_PARTNERS", accountName="Partners")
    body = {"authRecordId": record, "accountName": "Partners"}
    refused = gateway.bad("/amazonAds/renameAccount", body, status=400)
    assert refused["reason"] == "bad_parameter"
    assert "accountName: another of your ads accounts has this name" in refused["errmsg"]
    renamed = gateway.good("/amazonAds/renameAccount", {**body, "accountName": "Brand 2"})
    assert (renamed["accountName"], renamed["previousName"]) == ("Brand 2", "Brand")
    names = {row["accountName"] for row in gateway.good("/amazonAds/authorizedStores")["stores"]}
    assert names == {"Brand 2", "Partners"}


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, "\u202eabc", None])
def test_a_name_follows_the_rules_of_an_authorization(gateway: Gateway, name: str | None) -> None:
    """Told by the field that has to be corrected."""
    gateway.authorize_store()
    refused = gateway.bad("/spApi/renameStore", {**STORE, "sellerName": name}, status=400)
    assert refused["errmsg"].partition("sellerName: ")[1]


def test_a_right_to_read_does_not_rename(gateway: Gateway) -> None:
    """It takes `manage`, as authorizing does."""
    gateway.authorize_store()
    key = gateway.vault.users.issue_key("owner", ("tokens", "proxy"))[1].reveal()
    body = {**STORE, "sellerName": "Other"}
    assert gateway.bad("/spApi/renameStore", body, status=403, user=key)["reason"] == "key_lacks_right"


def test_the_link_that_is_offered_keeps_the_new_name(gateway: Gateway) -> None:
    """A store that has to be authorized again is so under the name that it was given meanwhile."""
    gateway.authorize_store(sellerName="T2")
    gateway.amazon.control("revoke", STORE)
    gateway.bad("/spApi/refreshToken", STORE, status=409)
    gateway.good("/spApi/renameStore", {**STORE, "sellerName": "Renamed"})
    link = gateway.bad("/spApi/storeTokens", STORE, status=409)["authorizeUrl"]
    gateway.open(gateway.amazon.consent(link, decision="confirm", selling_partner_id=SELLER))
    assert gateway.good("/spApi/authorizedStores")["stores"][0]["sellerName"] == "Renamed"
