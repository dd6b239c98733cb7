"""What a store tells of its shipments through Orders v0: an order that it ships itself has left.

https://developer-docs.amazon.com/sp-api/docs/orders-api-v0-reference
"""

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner.call import Call, Story, text_of
from amazon_sandbox.selling_partner.order_book import find_order
from amazon_sandbox.selling_partner.parameters import read_instant
from amazon_sandbox.selling_partner.refusals import invalid

PICKUPS = ("ReadyForPickup", "PickedUp", "RefusedPickup")


def _confirm(call: Call) -> Answer:
    """Take an order as shipped, whole: the stand-in knows no partial shipments."""
    given, order = call.body(), find_order(call)
    call.sites([text_of(given, "marketplaceId")])
    package = given.get("packageDetail")
    if not isinstance(package, dict):
        raise invalid("packageDetail is missing.")
    for name in ("packageReferenceId", "carrierCode", "trackingNumber"):
        text_of(package, name)
    read_instant(text_of(package, "shipDate"), "shipDate")
    items = package.get("orderItems")
    lines = {order.item_id(line) for line in range(len(order.lines))}
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise invalid("orderItems is missing.")
    if not all(text_of(each, "orderItemId") in lines for each in items):
        raise invalid("orderItems names an item that is not the order's.")
    if order.by_amazon or order.status != "Unshipped":
        raise invalid("The order does not wait to be shipped by the store.")
    call.world.business.shipments[(*call.store, order.order_id)] = call.world.clock.now()
    return known("spApi.noContent")


def _pickup(call: Call) -> Answer:
    """Take what became of a pickup; nothing tells it afterwards."""
    given = call.body()
    find_order(call)
    call.sites([text_of(given, "marketplaceId")])
    if given.get("shipmentStatus") not in PICKUPS:
        raise invalid(f"shipmentStatus takes {', '.join(PICKUPS)}.")
    return known("spApi.noContent")


STORIES: dict[str, Story] = {
    "ordersV0.confirmShipment": _confirm,
    "ordersV0.updateShipmentStatus": _pickup,
}
