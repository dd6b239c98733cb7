"""Orders 2026-01-01: the orders of Orders v0 with the data sets asked for; no restricted data token.

https://developer-docs.amazon.com/sp-api/docs/orders-api
"""

from collections.abc import Callable
from typing import Any

from amazon_sandbox.clock import timestamp
from amazon_sandbox.goods import amount
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import site_name
from amazon_sandbox.selling_partner.call import Call, Story
from amazon_sandbox.selling_partner.order_book import Order, Period, find_order, orders_of

STATUSES = {
    "PendingAvailability": "PENDING_AVAILABILITY",
    "Pending": "PENDING",
    "Unshipped": "UNSHIPPED",
    "PartiallyShipped": "PARTIALLY_SHIPPED",
    "Shipped": "SHIPPED",
    "Canceled": "CANCELLED",
    "Unfulfillable": "UNFULFILLABLE",
}
PERIOD = ("createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore")


def _search(call: Call) -> Answer:
    """Return orders in pages, newest first."""
    given = call.parameters("paginationToken")
    sites = call.sites(given.words("marketplaceIds"))
    size = given.number("maxResultsPerPage", 100, 1, 100)
    statuses = given.words("fulfillmentStatuses", STATUSES.values())
    fulfilled_by = given.words("fulfilledBy", ("MERCHANT", "AMAZON"))
    included = given.words("includedData", INCLUDED)
    marketplaces = [site["marketplaceId"] for site in sites] or None
    period = Period.read(given, PERIOD)
    found = [
        order
        for order in orders_of(call, marketplaces, given.at)
        if period.holds(order)
        and (not statuses or STATUSES[order.status] in statuses)
        and (not fulfilled_by or _fulfilled_by(order) in fulfilled_by)
    ]
    page, token = given.page(found, size)
    return known(
        "spApi.ok",
        {
            "orders": [_order(order, included) for order in page],
            "createdBefore" if period.of_creation else "lastUpdatedBefore": timestamp(period.end),
            **({"pagination": {"nextToken": token}} if token else {}),
        },
    )


def _one(call: Call) -> Answer:
    included = call.parameters().words("includedData", INCLUDED)
    return known("spApi.ok", {"order": _order(find_order(call), included)})


def _order(order: Order, included: list[str]) -> dict[str, Any]:
    document = {
        "orderId": order.order_id,
        "createdTime": timestamp(order.purchased),
        "lastUpdatedTime": timestamp(order.updated),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": order.site["marketplaceId"],
            "marketplaceName": site_name(order.site),
        },
        "orderItems": [_item(order, line, included) for line in range(len(order.lines))],
    }
    for name in included:
        document.update(INCLUDED[name](order))
    return document


def _item(order: Order, line: int, included: list[str]) -> dict[str, Any]:
    good, quantity = order.lines[line]
    document: dict[str, Any] = {
        "orderItemId": order.item_id(line),
        "quantityOrdered": quantity,
        "product": {
            "asin": good.asin,
            "title": good.title,
            "sellerSku": good.sku,
            "condition": {"conditionType": "NEW"},
            "price": {"unitPrice": _money(order, good.price)},
        },
    }
    if "PROCEEDS" in included:
        document["proceeds"] = {"proceedsTotal": _money(order, amount(good.cents * quantity))}
    if "FULFILLMENT" in included:
        left = quantity if order.shipped else 0
        document["fulfillment"] = {"quantityFulfilled": left, "quantityUnfulfilled": quantity - left}
    return document


def _buyer(order: Order) -> dict[str, Any]:
    return {"buyer": {"buyerName": order.buyer_name, "buyerEmail": order.buyer_email}}


def _recipient(order: Order) -> dict[str, Any]:
    address = {
        "name": order.buyer_name,
        "addressLine1": order.street,
        "city": "Sandbox",
        "postalCode": order.postal_code,
        "countryCode": order.site["isoCountryCode"],
    }
    return {"recipient": {"deliveryAddress": address}}


def _proceeds(order: Order) -> dict[str, Any]:
    return {"proceeds": {"grandTotal": _money(order, order.total)}}


def _fulfillment(order: Order) -> dict[str, Any]:
    return {
        "fulfillment": {
            "fulfillmentStatus": STATUSES[order.status],
            "fulfilledBy": _fulfilled_by(order),
            "fulfillmentServiceLevel": "STANDARD",
        }
    }


def _packages(order: Order) -> dict[str, Any]:
    if not order.shipped:
        return {"packages": []}
    package = {
        "packageReferenceId": "1",
        "packageStatus": {"status": "SHIPPED"},
        "carrier": "Sandbox Carrier",
        "trackingNumber": f"SBX{order.item_id(0)}",
        "packageItems": [
            {"orderItemId": order.item_id(line), "quantity": quantity}
            for line, (_, quantity) in enumerate(order.lines)
        ],
    }
    return {"packages": [package]}


def _nothing(order: Order) -> dict[str, Any]:
    """Add nothing: the stand-in's orders have no such data."""
    return {}


def _fulfilled_by(order: Order) -> str:
    return "AMAZON" if order.by_amazon else "MERCHANT"


def _money(order: Order, value: str) -> dict[str, str]:
    return {"currencyCode": order.site["currency"], "amount": value}


INCLUDED: dict[str, Callable[[Order], dict[str, Any]]] = {
    "BUYER": _buyer,
    "RECIPIENT": _recipient,
    "PROCEEDS": _proceeds,
    "FULFILLMENT": _fulfillment,
    "PACKAGES": _packages,
    **dict.fromkeys(
        ("EXPENSE", "PROMOTION", "CANCELLATION", "TAX", "PAYMENT", "FULFILLMENT_ORDERS"), _nothing
    ),
}

STORIES: dict[str, Story] = {
    "orders_2026-01-01.searchOrders": _search,
    "orders_2026-01-01.getOrder": _one,
}
