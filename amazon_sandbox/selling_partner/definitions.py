"""What a store reads before it lists something: product types with their schema, and restrictions.

https://developer-docs.amazon.com/sp-api/docs/product-type-definitions-api-v2020-09-01-reference
https://developer-docs.amazon.com/sp-api/docs/listings-restrictions-api-v2021-08-01-reference
"""

import base64
import hashlib
from typing import Any

from amazon_sandbox import storage
from amazon_sandbox.business import Document
from amazon_sandbox.goods import BY_ASIN, PRODUCT_TYPE
from amazon_sandbox.http_messages import JSON, Answer, to_json
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.selling_partner.call import Call, Story
from amazon_sandbox.selling_partner.refusals import missing

DISPLAY_NAME = "Toys and Games"
VERSION = "SANDBOX-1"
REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
_TEXTS = {"type": "array", "items": {"type": "object", "properties": {"value": {"type": "string"}}}}
SCHEMA = to_json(
    {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "type": "object",
        "required": ["item_name", "brand"],
        "properties": {"item_name": {"title": "Title", **_TEXTS}, "brand": {"title": "Brand", **_TEXTS}},
    }
)


def _search(call: Call) -> Answer:
    """Return the one product type, where its name holds one of the words."""
    given = call.parameters()
    sites = [site["marketplaceId"] for site in call.sites(given.words("marketplaceIds"))]
    words = [word.casefold() for word in given.words("keywords") + given.words("itemName")]
    name = f"{PRODUCT_TYPE} {DISPLAY_NAME}".casefold()
    found = not words or any(word in name for word in words)
    product_type = {"name": PRODUCT_TYPE, "displayName": DISPLAY_NAME, "marketplaceIds": sites}
    document = {"productTypes": [product_type] if found else [], "productTypeVersion": VERSION}
    return known("spApi.ok", document)


def _one(call: Call) -> Answer:
    given = call.parameters()
    sites = [site["marketplaceId"] for site in call.sites(given.words("marketplaceIds"))]
    requirements = given.words("requirements", REQUIREMENTS, 1) or ["LISTING"]
    if call.path["productType"] != PRODUCT_TYPE:
        raise missing("The product type was not found.")
    document = {
        "schema": _schema(call),
        "requirements": requirements[0],
        "requirementsEnforced": "ENFORCED",
        "propertyGroups": {
            "product_identity": {"title": "Product Identity", "propertyNames": ["item_name", "brand"]}
        },
        "locale": given.text("locale") or "en_US",
        "marketplaceIds": sites,
        "productType": PRODUCT_TYPE,
        "displayName": DISPLAY_NAME,
        "productTypeVersion": {"version": VERSION, "latest": True},
    }
    return known("spApi.ok", document)


def _schema(call: Call) -> dict[str, Any]:
    """Return where the schema is downloaded, and its checksum (MD5 in Base64, as Amazon's is)."""
    document = Document(f"{PRODUCT_TYPE}.{call.region.lower()}.json", *call.store, SCHEMA, JSON)
    call.world.business.documents[document.document_id] = document
    digest = hashlib.md5(SCHEMA, usedforsecurity=False).digest()
    link = {"resource": storage.address(call.world, call.request, document), "verb": "GET"}
    return {"link": link, "checksum": base64.b64encode(digest).decode()}


def _restrictions(call: Call) -> Answer:
    """Return no restriction for what is in the catalog."""
    given = call.parameters()
    if given.text("sellerId") != call.seller_id:
        raise Refused(known("spApi.roleMissing"))
    sites = call.sites(given.words("marketplaceIds"))
    reason = {"message": "The ASIN is not in the catalog.", "reasonCode": "ASIN_NOT_FOUND"}
    restrictions = [
        {"marketplaceId": site["marketplaceId"], "conditionType": "new_new", "reasons": [reason]}
        for site in sites
        if given.text("asin") not in BY_ASIN
    ]
    return known("spApi.ok", {"restrictions": restrictions})


STORIES: dict[str, Story] = {
    "definitionsProductTypes_2020-09-01.searchDefinitionsProductTypes": _search,
    "definitionsProductTypes_2020-09-01.getDefinitionsProductType": _one,
    "listingsRestrictions_2021-08-01.getListingsRestrictions": _restrictions,
}
