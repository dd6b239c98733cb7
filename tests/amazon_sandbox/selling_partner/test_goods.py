"""Catalog, listings, stock and prices: the same goods everywhere."""

import base64
import hashlib
from typing import Any

import pytest
import requests

from tests.support.selling_partner import CA, DE, SELLER, US, Store

SEARCH, ITEM = "catalogItems_2022-04-01.searchCatalogItems", "catalogItems_2022-04-01.getCatalogItem"
CATALOG_SETS = (
    "attributes,classifications,dimensions,identifiers,images,productTypes,relationships,salesRanks,summaries,"
    "vendorDetails"
)
LISTINGS = "listingsItems_2021-08-01"
LISTING_SETS = (
    "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,productTypes"
)
MINE = {"sellerId": SELLER, "marketplaceIds": US}
STOCK = "fbaInventory.getInventorySummaries"
WHERE = {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US}
PRICES = {"MarketplaceId": US, "ItemCondition": "New"}


def test_the_catalog_is_searched_by_words(store: Store) -> None:
    """In pages."""
    page = store.get(SEARCH, marketplaceIds=US, keywords="sandkasten kinder", pageSize="20")
    assert (page["numberOfResults"], len(page["items"])) == (500, 20)
    token = page["pagination"]["nextToken"]
    second = store.get(SEARCH, marketplaceIds=US, pageToken=token)
    assert not {item["asin"] for item in page["items"]} & {item["asin"] for item in second["items"]}


def test_the_catalog_is_searched_by_numbers(store: Store) -> None:
    """And finds nothing where a word of many is missing."""
    assert store.get(SEARCH, marketplaceIds=US, keywords="sandkasten nothing")["items"] == []
    found = store.get(SEARCH, marketplaceIds=US, identifiers="SANDBOX-SKU-7", identifiersType="SKU")
    assert [item["asin"] for item in found["items"]] == ["B0SAND0007"]


def test_a_catalog_item_has_the_data_sets_asked_for(store: Store) -> None:
    """Summaries of themselves; each set once a site."""
    plain = store.get(ITEM, asin="B0SAND0001", marketplaceIds=US)
    assert set(plain) == {"asin", "summaries"}
    full = store.get(ITEM, asin="B0SAND0001", marketplaceIds=f"{US},{CA}", includedData=CATALOG_SETS)
    assert set(full) == {"asin", *CATALOG_SETS.split(",")}
    assert [each["marketplaceId"] for each in full["images"]] == [US, CA]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"marketplaceIds": US}, 400),
        ({"marketplaceIds": US, "keywords": "a", "identifiers": "b", "identifiersType": "SKU"}, 400),
        ({"marketplaceIds": US, "identifiers": "b"}, 400),
        ({"marketplaceIds": US, "keywords": "a", "includedData": "everything"}, 400),
        ({"marketplaceIds": US, "keywords": "a", "pageSize": "21"}, 400),
        ({"marketplaceIds": DE, "keywords": "a"}, 403),
    ],
)
def test_what_the_catalog_cannot_be_asked(store: Store, query: dict[str, str], status: int) -> None:
    """Words or numbers, known data sets, sites of the region."""
    assert store.refused(SEARCH, **query)[0] == status


def test_an_unknown_item_is_not_found(store: Store) -> None:
    """404, not an empty answer."""
    assert store.refused(ITEM, asin="B0UNKNOWN1", marketplaceIds=US) == (404, "NotFound")


def test_a_listing_has_summaries_unless_other_data_are_asked_for(store: Store) -> None:
    """The data sets are honored one by one."""
    plain = store.get(f"{LISTINGS}.getListingsItem", **MINE, sku="SANDBOX-SKU-1")
    assert set(plain) == {"sku", "summaries"}
    assert plain["summaries"][0]["asin"] == "B0SAND0001"
    some = store.get(f"{LISTINGS}.getListingsItem", **MINE, sku="SANDBOX-SKU-1", includedData="issues,offers")
    assert set(some) == {"sku", "issues", "offers"}
    full = store.get(f"{LISTINGS}.getListingsItem", **MINE, sku="SANDBOX-SKU-1", includedData=LISTING_SETS)
    assert set(full) == {"sku", *LISTING_SETS.split(",")}
    unknown = store.refused(f"{LISTINGS}.getListingsItem", **MINE, sku="SANDBOX-SKU-1", includedData="all")
    assert unknown == (400, "InvalidInput")


def test_listings_are_searched_in_pages(store: Store) -> None:
    """What was put is among them, what was deleted is not."""
    item = {"productType": "TOY", "attributes": {"item_name": [{"value": "砂"}]}}
    store.get(f"{LISTINGS}.putListingsItem", item, **MINE, sku="a/b ☕")
    store.get(f"{LISTINGS}.deleteListingsItem", **MINE, sku="SANDBOX-SKU-2")
    page = store.get(f"{LISTINGS}.searchListingsItems", **MINE, pageSize="3", includedData=LISTING_SETS)
    rest = store.get(f"{LISTINGS}.searchListingsItems", **MINE, pageToken=page["pagination"]["nextToken"])
    skus = [each["sku"] for each in page["items"] + rest["items"]]
    assert skus == ["SANDBOX-SKU-1", "SANDBOX-SKU-3", "SANDBOX-SKU-4", "SANDBOX-SKU-5", "a/b ☕"]
    assert page["numberOfResults"] == 5
    one = store.get(
        f"{LISTINGS}.searchListingsItems", **MINE, identifiers="SANDBOX-SKU-3", identifiersType="SKU"
    )
    assert [each["sku"] for each in one["items"]] == ["SANDBOX-SKU-3"]
    other = store.refused(f"{LISTINGS}.searchListingsItems", sellerId="A1SANDBOXNA002", marketplaceIds=US)
    assert other == (403, "Unauthorized")


def test_patches_are_carried_out(store: Store) -> None:
    """Added, replaced, deleted; the rest stays."""
    patches = [
        {"op": "add", "path": "/attributes/color", "value": [{"value": "red"}]},
        {"op": "replace", "path": "/attributes/item_name", "value": [{"value": "New"}]},
        {"op": "delete", "path": "/attributes/brand"},
    ]
    body = {"productType": "TOY", "patches": patches}
    store.get(f"{LISTINGS}.patchListingsItem", body, **MINE, sku="SANDBOX-SKU-1")
    item = store.get(f"{LISTINGS}.getListingsItem", **MINE, sku="SANDBOX-SKU-1", includedData="attributes")
    assert item["attributes"] == {"item_name": [{"value": "New"}], "color": [{"value": "red"}]}


@pytest.mark.parametrize("name", [None, [], {}, "text", [[]], [{}], [{"value": 1}]])
def test_an_item_s_name_may_be_anything(store: Store, name: Any) -> None:
    """Attributes are kept as they are put; the summary names the SKU where they hold no name."""
    item = {"productType": "TOY", "attributes": {"item_name": name}}
    store.get(f"{LISTINGS}.putListingsItem", item, **MINE, sku="odd")
    read = store.get(f"{LISTINGS}.getListingsItem", **MINE, sku="odd", includedData="summaries,attributes")
    assert read["attributes"] == {"item_name": name}
    assert read["summaries"][0]["itemName"] == ("1" if name == [{"value": 1}] else "odd")


def test_a_preview_changes_nothing(store: Store) -> None:
    """VALID instead of ACCEPTED."""
    item = {"productType": "TOY", "attributes": {}}
    answer = store.get(f"{LISTINGS}.putListingsItem", item, **MINE, sku="new", mode="VALIDATION_PREVIEW")
    assert answer["status"] == "VALID"
    assert store.refused(f"{LISTINGS}.getListingsItem", **MINE, sku="new") == (404, "NotFound")


@pytest.mark.parametrize(
    "body",
    [
        {"patches": [{"op": "add", "path": "/attributes/color", "value": []}]},
        {"productType": "TOY"},
        {"productType": "TOY", "patches": []},
        {"productType": "TOY", "patches": [{"op": "improve", "path": "/attributes/color", "value": []}]},
        {"productType": "TOY", "patches": [{"op": "add", "path": "/color", "value": []}]},
        {"productType": "TOY", "patches": [{"op": "add", "path": "/attributes/color", "value": "red"}]},
    ],
)
def test_patches_that_are_none_are_refused(store: Store, body: Any) -> None:
    """No product type, no patch, an unknown operation, another path, a value that is no list."""
    answer = store.refused(f"{LISTINGS}.patchListingsItem", body, **MINE, sku="SANDBOX-SKU-1")
    assert answer == (400, "InvalidInput")


def test_stock_comes_in_pages_and_in_detail(store: Store) -> None:
    """120 articles, 50 a page; details where they were asked for, as Amazon's Python SDK writes it."""
    page = store.get(STOCK, **WHERE, details="True")
    assert page["payload"]["inventorySummaries"][0]["inventoryDetails"]["fulfillableQuantity"] == 1
    second = store.get(STOCK, **WHERE, nextToken=page["pagination"]["nextToken"])
    skus = {each["sellerSku"] for each in page["payload"]["inventorySummaries"]}
    assert len(skus) == 50
    assert not skus & {each["sellerSku"] for each in second["payload"]["inventorySummaries"]}


def test_stock_is_filtered(store: Store) -> None:
    """By SKU and by what has changed."""
    few = store.get(STOCK, **WHERE, sellerSkus="SANDBOX-SKU-2,SANDBOX-SKU-9")["payload"]["inventorySummaries"]
    assert [each["sellerSku"] for each in few] == ["SANDBOX-SKU-2", "SANDBOX-SKU-9"]
    assert "inventoryDetails" not in few[0]
    later = store.get(STOCK, **WHERE, startDateTime="2999-01-01T00:00:00Z")
    assert later["payload"]["inventorySummaries"] == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"granularityType": "Country"}, 400), ({"details": "yes"}, 400), ({"granularityId": DE}, 403)],
)
def test_what_stock_cannot_be_asked(store: Store, changes: dict[str, str], status: int) -> None:
    """Words that are not known, and sites of another region."""
    assert store.refused(STOCK, **{**WHERE, **changes})[0] == status


@pytest.mark.parametrize("operation", ["getPricing", "getCompetitivePricing"])
def test_prices_of_articles_known_and_unknown(store: Store, operation: str) -> None:
    """Each in the order asked for; an unknown one is a ClientError among the others."""
    asked = {"MarketplaceId": US, "ItemType": "Sku", "Skus": "SANDBOX-SKU-1,unknown"}
    first, second = store.get(f"productPricingV0.{operation}", **asked)["payload"]
    assert (first["status"], first["SellerSKU"]) == ("Success", "SANDBOX-SKU-1")
    assert "1.99" in str(first["Product"])
    assert second == {"status": "ClientError", "SellerSKU": "unknown"}


@pytest.mark.parametrize("query", [{"ItemType": "Sku"}, {"ItemType": "Ean", "Eans": "1"}])
def test_what_prices_cannot_be_asked(store: Store, query: dict[str, str]) -> None:
    """Nothing, or by another number."""
    assert store.refused("productPricingV0.getPricing", MarketplaceId=US, **query) == (400, "InvalidInput")


def test_offers_of_an_item_and_of_a_listing(store: Store) -> None:
    """One new offer, the store's own; used ones there are none."""
    offers = store.get("productPricingV0.getItemOffers", Asin="B0SAND0003", **PRICES)["payload"]
    assert (offers["status"], offers["Summary"]["TotalOfferCount"]) == ("Success", 1)
    assert offers["Offers"][0]["ListingPrice"] == {"CurrencyCode": "USD", "Amount": 3.99}
    used = {**PRICES, "ItemCondition": "Used"}
    none = store.get("productPricingV0.getListingOffers", SellerSKU="SANDBOX-SKU-3", **used)["payload"]
    assert (none["status"], none["Offers"]) == ("NoBuyableOffers", [])
    missing = store.refused("productPricingV0.getListingOffers", SellerSKU="unknown", **PRICES)
    assert missing == (404, "NotFound")


@pytest.mark.parametrize(
    ("operation", "known", "unknown"),
    [
        ("getItemOffersBatch", "items/B0SAND0003", "items/B0UNKNOWN1"),
        ("getListingOffersBatch", "listings/SANDBOX-SKU-3", "listings/unknown"),
    ],
)
def test_batches_of_offers(store: Store, operation: str, known: str, unknown: str) -> None:
    """Each request has a status of its own."""
    requests = [
        {"uri": f"/products/pricing/v0/{item}/offers", "method": "GET", **PRICES} for item in (known, unknown)
    ]
    answer = store.get(f"productPricingV0.{operation}", {"requests": requests})
    assert [each["status"]["statusCode"] for each in answer["responses"]] == [200, 404]


@pytest.mark.parametrize("operation", ["getItemOffersBatch", "getListingOffersBatch"])
@pytest.mark.parametrize("requests", [None, [], [1], [{}], [PRICES] * 21])
def test_batches_that_are_none(store: Store, operation: str, requests: Any) -> None:
    """Nothing, too much, and requests without their fields."""
    assert store.refused(f"productPricingV0.{operation}", {"requests": requests}) == (400, "InvalidInput")


def test_batches_of_the_newer_pricing(store: Store) -> None:
    """Competitive summaries and expected prices, for articles known and unknown."""
    sets = ["featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems"]
    common = {"marketplaceId": US, "method": "GET", "uri": "/products/pricing/2022-05-01/x"}
    asked = [{**common, "asin": asin, "includedData": sets} for asin in ("B0SAND0003", "B0UNKNOWN1")]
    first, second = store.get("productPricing_2022-05-01.getCompetitiveSummary", {"requests": asked})[
        "responses"
    ]
    assert (first["status"]["statusCode"], second["status"]["statusCode"]) == (200, 404)
    assert set(first["body"]) == {"asin", "marketplaceId", *sets}
    prices = store.get(
        "productPricing_2022-05-01.getFeaturedOfferExpectedPriceBatch",
        {"requests": [{**common, "sku": sku} for sku in ("SANDBOX-SKU-3", "unknown")]},
    )["responses"]
    assert [each["status"]["statusCode"] for each in prices] == [200, 404]


def test_product_types_are_searched_and_their_schema_downloaded(store: Store) -> None:
    """What a listings skill reads before it puts an item."""
    api = "definitionsProductTypes_2020-09-01"
    found = store.get(f"{api}.searchDefinitionsProductTypes", marketplaceIds=US, keywords="toys")
    assert [each["name"] for each in found["productTypes"]] == ["TOYS_AND_GAMES"]
    none = store.get(f"{api}.searchDefinitionsProductTypes", marketplaceIds=US, keywords="cars")
    assert none["productTypes"] == []
    definition = store.get(
        f"{api}.getDefinitionsProductType", productType="TOYS_AND_GAMES", marketplaceIds=US
    )
    content = requests.get(definition["schema"]["link"]["resource"], timeout=30)
    checksum = base64.b64encode(hashlib.md5(content.content).digest()).decode()
    assert definition["schema"]["checksum"] == checksum
    assert "item_name" in content.json()["properties"]
    unknown = store.refused(f"{api}.getDefinitionsProductType", productType="CAR", marketplaceIds=US)
    assert unknown == (404, "NotFound")


def test_nothing_restricts_a_store_from_selling_the_goods(store: Store) -> None:
    """And what is not in the catalog cannot be sold."""
    operation = "listingsRestrictions_2021-08-01.getListingsRestrictions"
    assert store.get(operation, **MINE, asin="B0SAND0001") == {"restrictions": []}
    (restriction,) = store.get(operation, **MINE, asin="B0UNKNOWN1")["restrictions"]
    assert restriction["reasons"][0]["reasonCode"] == "ASIN_NOT_FOUND"
    other = store.refused(operation, sellerId="A1SANDBOXNA002", marketplaceIds=US, asin="B0SAND0001")
    assert other == (403, "Unauthorized")
