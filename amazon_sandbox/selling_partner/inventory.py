"""The FBA Inventory API: how much of a store's goods lies in Amazon's warehouses.

https://developer-docs.amazon.com/sp-api/docs/fbainventory-api-v1-reference
"""

from typing import Any

from amazon_sandbox.clock import timestamp
from amazon_sandbox.goods import GOODS, Good
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, Story
from amazon_sandbox.selling_partner.order_book import APART

STOCKED = 120  # articles that are in the warehouses
PAGE = 50  # summaries a page; 50 SKUs are also the most that may be named [doc]


def _summaries(call: Call) -> Answer:
    """Return the stock in pages; `startDateTime` leaves out what has not changed since."""
    given = call.parameters("nextToken")
    given.words("granularityType", ("Marketplace",), 1)
    call.sites([given.needed("granularityId"), *given.words("marketplaceIds", at_most=1)])
    skus = given.words("sellerSkus", at_most=PAGE) + given.words("sellerSku", at_most=1)
    since = given.instant("startDateTime")
    changed = given.at // APART * APART  # with every order
    goods = [
        good
        for good in GOODS[:STOCKED]
        if (not skus or good.sku in skus) and (since is None or since <= changed)
    ]
    page, token = given.page(goods, PAGE)
    payload = {
        "granularity": {"granularityType": "Marketplace", "granularityId": given.text("granularityId")},
        "inventorySummaries": [_summary(good, changed, given.flag("details")) for good in page],
    }
    pagination = {"pagination": {"nextToken": token}} if token else {}
    return known("spApi.ok", {**pagination, "payload": payload})


def _summary(good: Good, changed: float, details: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "asin": good.asin,
        "fnSku": good.fn_sku,
        "sellerSku": good.sku,
        "condition": "NewItem",
        "lastUpdatedTime": timestamp(changed),
        "productName": good.title,
        "totalQuantity": good.quantity,
    }
    if details:
        document["inventoryDetails"] = {
            "fulfillableQuantity": good.quantity,
            "inboundWorkingQuantity": 0,
            "inboundShippedQuantity": 0,
            "inboundReceivingQuantity": 0,
            "reservedQuantity": {
                "totalReservedQuantity": 0,
                "pendingCustomerOrderQuantity": 0,
                "pendingTransshipmentQuantity": 0,
                "fcProcessingQuantity": 0,
            },
            "researchingQuantity": {"totalResearchingQuantity": 0, "researchingQuantityBreakdown": []},
            "unfulfillableQuantity": {"totalUnfulfillableQuantity": 0},
        }
    return document


STORIES: dict[str, Story] = {"fbaInventory.getInventorySummaries": _summaries}
