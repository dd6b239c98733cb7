"""Orders v0. Who bought and where it goes is told for a restricted data token only.

https://developer-docs.amazon.com/sp-api/docs/orders-api-v0-reference
"""

from typing import Any

from amazon_sandbox.clock import timestamp
from amazon_sandbox.goods import amount
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.marketplaces import site_name
from amazon_sandbox.selling_partner.call import Call, Story
from amazon_sandbox.selling_partner.order_book import Order, Period, find_order, orders_of

STATUSES = (
    "PendingAvailability", "Pending", "Unshipped", "PartiallyShipped", "Shipped", "Canceled", "Unfulfillable",
    "InvoiceUnconfirmed",
)  # fmt: skip
PERIOD = ("CreatedAfter", "CreatedBefore", "LastUpdatedAfter", "LastUpdatedBefore")


def _list(call: Call) -> Answer:
    """Return orders in pages, newest first."""
    given = call.parameters("NextToken")
    sites = call.sites(given.words("MarketplaceIds"))
    size = given.number("MaxResultsPerPage", 100, 1, 100)
    statuses = given.words("OrderStatuses", STATUSES)
    channels = given.words("FulfillmentChannels", ("MFN", "AFN"))
    numbers = given.words("AmazonOrderIds", at_most=50)
    period = Period.read(given, PERIOD)
    found = [
        order
        for order in orders_of(call, [site["marketplaceId"] for site in sites], given.at)
        if period.holds(order)
        and (not statuses or order.status in statuses)
        and (not channels or _channel(order) in channels)
        and (not numbers or order.order_id in numbers)
    ]
    page, token = given.page(found, size)
    payload: dict[str, Any] = {"Orders": [_order(call, order) for order in page]}
    payload["CreatedBefore" if period.of_creation else "LastUpdatedBefore"] = timestamp(period.end)
    if token:
        payload["NextToken"] = token
    return known("spApi.ok", {"payload": payload})


def _one(call: Call) -> Answer:
    return known("spApi.ok", {"payload": _order(call, find_order(call))})


def _items(call: Call) -> Answer:
    order = find_order(call)
    return _payload(order, OrderItems=[_item(call, order, line) for line in range(len(order.lines))])


def _buyer_info(call: Call) -> Answer:
    _only_restricted(call)
    order = find_order(call)
    return _payload(order, **_buyer(order))


def _address(call: Call) -> Answer:
    _only_restricted(call)
    order = find_order(call)
    return _payload(order, ShippingAddress=_shipping_address(order))


def _items_buyer_info(call: Call) -> Answer:
    _only_restricted(call)
    order = find_order(call)
    return _payload(order, OrderItems=[{"OrderItemId": order.item_id(n)} for n in range(len(order.lines))])


def _only_restricted(call: Call) -> None:
    if call.restricted is None:
        raise Refused(known("spApi.roleMissing"))


def _payload(order: Order, **fields: Any) -> Answer:
    return known("spApi.ok", {"payload": {"AmazonOrderId": order.order_id, **fields}})


def _channel(order: Order) -> str:
    return "AFN" if order.by_amazon else "MFN"


def _order(call: Call, order: Order) -> dict[str, Any]:
    shipped = order.units if order.shipped else 0
    waiting = order.units - shipped if order.status != "Canceled" else 0
    document: dict[str, Any] = {
        "AmazonOrderId": order.order_id,
        "PurchaseDate": timestamp(order.purchased),
        "LastUpdateDate": timestamp(order.updated),
        "OrderStatus": order.status,
        "FulfillmentChannel": _channel(order),
        "SalesChannel": site_name(order.site),
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": waiting,
        "MarketplaceId": order.site["marketplaceId"],
        "ShipServiceLevel": "Standard",
        "OrderType": "StandardOrder",
        "IsPrime": order.by_amazon,
        "IsBusinessOrder": False,
    }
    if order.status != "Pending":
        document["OrderTotal"] = _money(order, order.total)
    if call.sees("buyerInfo"):
        document["BuyerInfo"] = _buyer(order)
    if call.sees("shippingAddress"):
        document["ShippingAddress"] = _shipping_address(order)
    return document


def _item(call: Call, order: Order, line: int) -> dict[str, Any]:
    good, quantity = order.lines[line]
    document = {
        "ASIN": good.asin,
        "SellerSKU": good.sku,
        "OrderItemId": order.item_id(line),
        "Title": good.title,
        "QuantityOrdered": quantity,
        "QuantityShipped": quantity if order.shipped else 0,
        "ItemPrice": _money(order, amount(good.cents * quantity)),
        "ConditionId": "New",
        "IsGift": "false",
    }
    return {**document, "BuyerInfo": {}} if call.sees("buyerInfo") else document


def _buyer(order: Order) -> dict[str, str]:
    return {"BuyerEmail": order.buyer_email, "BuyerName": order.buyer_name}


def _shipping_address(order: Order) -> dict[str, str]:
    return {
        "Name": order.buyer_name,
        "AddressLine1": order.street,
        "City": "Sandbox",
        "PostalCode": order.postal_code,
        "CountryCode": order.site["isoCountryCode"],
    }


def _money(order: Order, amount: str) -> dict[str, str]:
    return {"CurrencyCode": order.site["currency"], "Amount": amount}


STORIES: dict[str, Story] = {
    "ordersV0.getOrders": _list,
    "ordersV0.getOrder": _one,
    "ordersV0.getOrderItems": _items,
    "ordersV0.getOrderBuyerInfo": _buyer_info,
    "ordersV0.getOrderAddress": _address,
    "ordersV0.getOrderItemsBuyerInfo": _items_buyer_info,
}
