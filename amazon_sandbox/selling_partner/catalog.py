"""The Catalog Items API, version 2022-04-01: the stand-in's goods, the same on every site.

https://developer-docs.amazon.com/sp-api/docs/catalog-items-api-v2022-04-01-reference
"""

from typing import Any

from amazon_sandbox.goods import BRAND, BY_ASIN, GOODS, PRODUCT_TYPE, Good
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, Story
from amazon_sandbox.selling_partner.refusals import invalid, missing

DATA_SETS = (
    "attributes", "classifications", "dimensions", "identifiers", "images", "productTypes", "relationships",
    "salesRanks", "summaries", "vendorDetails",
)  # fmt: skip
IDENTIFIERS = {"ASIN": "asin", "EAN": "ean", "SKU": "sku"}
IDENTIFIER_TYPES = ("ASIN", "EAN", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
CLASSIFICATION = {"displayName": "Sandboxes", "classificationId": "166220011"}


def _search(call: Call) -> Answer:
    """Return the goods whose name holds every keyword, or that have one of the identifiers."""
    given = call.parameters("pageToken")
    sites = call.sites(given.words("marketplaceIds", at_most=1))
    included = given.words("includedData", DATA_SETS) or ["summaries"]
    size = given.number("pageSize", 10, 1, 20)
    keywords, identifiers = given.words("keywords", at_most=20), given.words("identifiers", at_most=20)
    if bool(keywords) == bool(identifiers):
        raise invalid("Either keywords or identifiers is needed, and not both.")
    if identifiers:
        kind = given.words("identifiersType", IDENTIFIER_TYPES, 1)
        if not kind:
            raise invalid("identifiersType is missing.")
        attribute = IDENTIFIERS.get(kind[0])
        found = [good for good in GOODS if attribute and getattr(good, attribute) in identifiers]
    else:
        wanted = [word.casefold() for phrase in keywords for word in phrase.split()]
        found = [good for good in GOODS if all(word in f"{BRAND} {good.title}".casefold() for word in wanted)]
    page, token = given.page(found, size)
    pagination = {"pagination": {"nextToken": token}} if token else {}
    items = [_item(good, sites, included) for good in page]
    return known("spApi.ok", {"numberOfResults": len(found), **pagination, "items": items})


def _one(call: Call) -> Answer:
    given = call.parameters()
    sites = call.sites(given.words("marketplaceIds"))
    included = given.words("includedData", DATA_SETS) or ["summaries"]
    good = BY_ASIN.get(call.path["asin"])
    if good is None:
        raise missing(f"Requested item '{call.path['asin']}' not found in marketplace(s).")
    return known("spApi.ok", _item(good, sites, included))


def _item(good: Good, sites: list[dict[str, Any]], included: list[str]) -> dict[str, Any]:
    by_site: dict[str, Any] = {
        "summaries": {
            "brand": BRAND,
            "browseClassification": CLASSIFICATION,
            "itemClassification": "BASE_PRODUCT",
            "itemName": good.title,
            "manufacturer": BRAND,
            "packageQuantity": 1,
        },
        "classifications": {"classifications": [CLASSIFICATION]},
        "dimensions": {"package": {"weight": {"unit": "kilograms", "value": 1 + good.number % 5}}},
        "identifiers": {"identifiers": [{"identifierType": "EAN", "identifier": good.ean}]},
        "images": {"images": [{"variant": "MAIN", **good.image}]},
        "productTypes": {"productType": PRODUCT_TYPE},
        "relationships": {"relationships": []},
        "salesRanks": {"classificationRanks": [{**_rank_title(), "rank": good.number * 10}]},
        "vendorDetails": {"brandCode": "SANDB"},
    }
    document: dict[str, Any] = {"asin": good.asin}
    for name in included:
        if name == "attributes":
            document[name] = {"item_name": [{"value": good.title}], "brand": [{"value": BRAND}]}
        else:
            document[name] = [{"marketplaceId": site["marketplaceId"], **by_site[name]} for site in sites]
    return document


def _rank_title() -> dict[str, str]:
    return {"classificationId": CLASSIFICATION["classificationId"], "title": CLASSIFICATION["displayName"]}


STORIES: dict[str, Story] = {
    "catalogItems_2022-04-01.searchCatalogItems": _search,
    "catalogItems_2022-04-01.getCatalogItem": _one,
}
