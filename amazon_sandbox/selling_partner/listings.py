"""The Listings Items API: a few items a store has from the start, and whatever is put there; until a reset.

https://developer-docs.amazon.com/sp-api/docs/listings-items-api-v2021-08-01-reference
"""

import secrets
from hashlib import sha256
from typing import Any

from amazon_sandbox.clock import timestamp
from amazon_sandbox.goods import BRAND, BY_SKU, GOODS, LISTED, PRODUCT_TYPE
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.selling_partner.call import Call, Story, text_of
from amazon_sandbox.selling_partner.order_book import APART
from amazon_sandbox.selling_partner.refusals import invalid, missing

DATA_SETS = (
    "summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships",
    "productTypes",
)  # fmt: skip
OPERATIONS = ("add", "replace", "merge", "delete")
MODES = ("VALIDATION_PREVIEW",)
ATTRIBUTES = "/attributes/"
CREATED = "2026-01-01T00:00:00Z"  # all of them
Key = tuple[str, str, str]  # seller id, region, SKU


def _search(call: Call) -> Answer:
    """Return the store's items in pages; `identifiers` are SKUs or ASINs."""
    _only_own(call)
    given = call.parameters("pageToken")
    sites = call.sites(given.words("marketplaceIds", at_most=1))
    included = given.words("includedData", DATA_SETS) or ["summaries"]
    size = given.number("pageSize", 10, 1, 20)
    identifiers, kind = given.words("identifiers", at_most=20), given.text("identifiersType")
    if identifiers and kind not in ("SKU", "ASIN"):
        raise invalid("identifiersType is missing; the stand-in takes SKU and ASIN.")
    changed = [sku for *store, sku in list(call.world.business.listings) if tuple(store) == call.store]
    skus = sorted({*(good.sku for good in GOODS[:LISTED]), *changed})
    found = [
        (sku, item)
        for sku in skus
        if (item := _item(call, (*call.store, sku))) is not None
        and (not identifiers or (sku if kind == "SKU" else _asin(sku)) in identifiers)
    ]
    page, token = given.page(found, size)
    items = [_described(call, sku, item, sites, included) for sku, item in page]
    pagination = {"pagination": {"nextToken": token}} if token else {}
    return known("spApi.ok", {"numberOfResults": len(found), **pagination, "items": items})


def _read(call: Call) -> Answer:
    """Return one item with the data sets that were asked for; summaries where none were."""
    key = _only_own(call)
    given = call.parameters()
    sites = call.sites(given.words("marketplaceIds"))
    included = given.words("includedData", DATA_SETS) or ["summaries"]
    return known("spApi.ok", _described(call, key[2], _existing(call, key), sites, included))


def _put(call: Call) -> Answer:
    key = _only_own(call)
    given = call.body()
    product_type, attributes = text_of(given, "productType"), given.get("attributes")
    if not isinstance(attributes, dict):
        raise invalid("attributes is missing.")
    return _submitted(call, key, {"productType": product_type, "attributes": attributes})


def _patch(call: Call) -> Answer:
    key = _only_own(call)
    given = call.body()
    product_type, patches = text_of(given, "productType"), given.get("patches")
    if not isinstance(patches, list) or not patches or not all(isinstance(each, dict) for each in patches):
        raise invalid("patches is missing.")
    attributes = dict(_existing(call, key)["attributes"])
    for patch in patches:
        _apply(patch, attributes)
    return _submitted(call, key, {"productType": product_type, "attributes": attributes})


def _apply(patch: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Carry out one patch. Raise Refused for one that is none."""
    operation, path, value = patch.get("op"), patch.get("path"), patch.get("value")
    if operation not in OPERATIONS:
        raise invalid(f"op must be one of {', '.join(OPERATIONS)}.")
    if not isinstance(path, str) or not path.startswith(ATTRIBUTES) or path == ATTRIBUTES:
        raise invalid("path must begin with /attributes/ and name an attribute.")
    name = path.removeprefix(ATTRIBUTES)
    if operation == "delete":
        attributes.pop(name, None)
    elif isinstance(value, list):
        attributes[name] = value
    else:
        raise invalid("value must be a list.")


def _delete(call: Call) -> Answer:
    return _submitted(call, _only_own(call), None)


def _submitted(call: Call, key: Key, item: dict[str, Any] | None) -> Answer:
    """Keep an item (None = none any more), and answer that it was taken; in a preview only say so."""
    given = call.parameters()
    call.sites(given.words("marketplaceIds"))
    preview = item is not None and bool(given.words("mode", MODES))
    if not preview:
        call.world.business.listings[key] = item
    document: dict[str, Any] = {
        "sku": key[2],
        "status": "VALID" if preview else "ACCEPTED",
        "submissionId": secrets.token_hex(16),
        "issues": [],
    }
    return known("spApi.ok", document)


def _only_own(call: Call) -> Key:
    """Return which item is meant. Raise Refused for another seller's."""
    if call.path["sellerId"] != call.seller_id:
        raise Refused(known("spApi.roleMissing"))
    return (*call.store, call.path.get("sku", ""))


def _item(call: Call, key: Key) -> dict[str, Any] | None:
    if key in call.world.business.listings:
        return call.world.business.listings[key]
    good = BY_SKU.get(key[2])
    if good is None or good.number > LISTED:
        return None
    attributes = {"item_name": [{"value": good.title}], "brand": [{"value": BRAND}]}
    return {"productType": PRODUCT_TYPE, "attributes": attributes}


def _existing(call: Call, key: Key) -> dict[str, Any]:
    item = _item(call, key)
    if item is None:
        raise missing(f"SKU '{key[2]}' not found in marketplace {call.parameters().text('marketplaceIds')}.")
    return item


def _asin(sku: str) -> str:
    """Return the ASIN of an item; one that is not among the goods gets one of its own."""
    good = BY_SKU.get(sku)
    return good.asin if good else f"B0{sha256(sku.encode()).hexdigest()[:8].upper()}"


def _title(attributes: dict[str, Any]) -> str:
    """Return the first value of the name among the attributes, "" where there is none."""
    names = attributes.get("item_name")
    first = names[0] if isinstance(names, list) and names else None
    return str(first.get("value", "")) if isinstance(first, dict) else ""


def _described(
    call: Call, sku: str, item: dict[str, Any], sites: list[dict[str, Any]], included: list[str]
) -> dict[str, Any]:
    """Return an item with the data sets that were asked for, for each site."""
    good = BY_SKU.get(sku)
    summary = {
        "asin": _asin(sku),
        "productType": item["productType"],
        "conditionType": "new_new",
        "status": ["BUYABLE", "DISCOVERABLE"],
        "itemName": _title(item["attributes"]) or sku,
        "createdDate": CREATED,
        "lastUpdatedDate": timestamp(call.world.clock.now() // APART * APART),  # with every order
    }
    ids = [(site["marketplaceId"], site["currency"]) for site in sites]
    price = good.price if good else "9.99"
    sets: dict[str, Any] = {
        "summaries": [{"marketplaceId": where, **summary} for where, _ in ids],
        "attributes": item["attributes"],
        "issues": [],
        "offers": [
            {
                "marketplaceId": where,
                "offerType": "B2C",
                "price": {"currencyCode": currency, "amount": price},
            }
            for where, currency in ids
        ],
        "fulfillmentAvailability": [
            {"fulfillmentChannelCode": "DEFAULT", "quantity": good.quantity if good else 0}
        ],
        "procurement": [],
        "relationships": [{"marketplaceId": where, "relationships": []} for where, _ in ids],
        "productTypes": [{"marketplaceId": where, "productType": item["productType"]} for where, _ in ids],
    }
    return {"sku": sku, **{name: sets[name] for name in included}}


STORIES: dict[str, Story] = {
    "listingsItems_2021-08-01.searchListingsItems": _search,
    "listingsItems_2021-08-01.getListingsItem": _read,
    "listingsItems_2021-08-01.putListingsItem": _put,
    "listingsItems_2021-08-01.patchListingsItem": _patch,
    "listingsItems_2021-08-01.deleteListingsItem": _delete,
}
