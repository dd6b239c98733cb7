"""Orders v0 and 2026-01-01: the same orders, which come as time goes on, and filters that filter."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amazon_sandbox.selling_partner.order_book import APART
from amazon_sandbox.selling_partner.orders_2026 import INCLUDED
from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import CA, DE, MX, US, Store

LIST, SEARCH = "ordersV0.getOrders", "orders_2026-01-01.searchOrders"
LONG_AGO = "2026-01-01T00:00:00Z"
EVERYTHING = ",".join(INCLUDED)


@pytest.fixture
def store(sandbox: SandboxProcess) -> Store:
    """Return a store at a moment that is an hour away from whatever changes its orders."""
    sandbox.control("clock", {"advance": APART + 3600 - sandbox.control("state")["now"] % APART})
    return Store(sandbox)


def stamp(sandbox: SandboxProcess, **ago: float) -> str:
    """Return the time of the stand-in, so long ago."""
    now = datetime.fromtimestamp(sandbox.control("state")["now"], UTC)
    return (now - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(store: Store, **query: Any) -> list[dict[str, Any]]:
    """Return the orders of a list without pages."""
    given = {"MarketplaceIds": US, "CreatedAfter": LONG_AGO, **query}
    orders: list[dict[str, Any]] = store.get(LIST, **given)["payload"]["Orders"]
    return orders


def test_there_are_orders_of_yesterday_whenever_it_is(store: Store) -> None:
    """Some of every day, none of the future; a week on, there are others."""
    seen: list[set[str]] = []
    for _ in range(2):
        start, end = stamp(store.sandbox, days=1), stamp(store.sandbox, minutes=5)
        payload = store.get(LIST, MarketplaceIds=US, CreatedAfter=start, CreatedBefore=end)["payload"]
        orders = payload["Orders"]
        assert payload["CreatedBefore"] == end
        assert orders
        assert all(start <= order["PurchaseDate"] <= end for order in orders)
        seen.append({order["AmazonOrderId"] for order in orders})
        store.sandbox.control("clock", {"advance": 7 * 86_400})
        store.token = store.sandbox.grant()["accessToken"]
    assert not seen[0] & seen[1]


def test_an_order_stays_itself_while_it_grows_older(store: Store) -> None:
    """Same number, time and items; from unshipped to shipped, and told as updated."""
    young = next(order for order in listed(store) if order["OrderStatus"] == "Unshipped")
    number = young["AmazonOrderId"]
    items = store.get("ordersV0.getOrderItems", orderId=number)
    updated = stamp(store.sandbox)
    store.sandbox.control("clock", {"advance": 30 * 3600})
    store.token = store.sandbox.grant()["accessToken"]
    old = store.get("ordersV0.getOrder", orderId=number)["payload"]
    assert (old["PurchaseDate"], old["OrderStatus"]) == (young["PurchaseDate"], "Shipped")
    assert old["LastUpdateDate"] > young["LastUpdateDate"]
    later = store.get("ordersV0.getOrderItems", orderId=number)["payload"]
    assert [item["OrderItemId"] for item in later["OrderItems"]] == [
        item["OrderItemId"] for item in items["payload"]["OrderItems"]
    ]
    recent = store.get(LIST, MarketplaceIds=US, LastUpdatedAfter=updated)["payload"]["Orders"]
    assert number in {order["AmazonOrderId"] for order in recent}


def test_filters_filter(store: Store) -> None:
    """By status, channel, number and site; what is left of all of them together is all."""
    everything = listed(store)
    by_status = {
        name: listed(store, OrderStatuses=name) for name in ("Pending", "Unshipped", "Shipped", "Canceled")
    }
    assert all(order["OrderStatus"] == name for name, orders in by_status.items() for order in orders)
    assert sum(map(len, by_status.values())) == len(everything) == 45
    assert by_status["Shipped"]
    assert listed(store, OrderStatuses="Unfulfillable") == []
    channels = [listed(store, FulfillmentChannels=name) for name in ("AFN", "MFN")]
    assert len(channels[0]) + len(channels[1]) == 45
    numbers = [order["AmazonOrderId"] for order in everything[:2]]
    assert len(listed(store, AmazonOrderIds=",".join(numbers))) == 2
    both = listed(store, MarketplaceIds=f"{CA},{MX}")
    assert {order["MarketplaceId"] for order in both} == {CA, MX}
    assert {order["OrderTotal"]["CurrencyCode"] for order in both if "OrderTotal" in order} == {"CAD", "MXN"}


def test_a_store_has_orders_where_it_sells_and_nowhere_else(sandbox: SandboxProcess) -> None:
    """This one sells in the United States only, and another's order is not found."""
    other = Store(sandbox, sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"])
    assert listed(other, MarketplaceIds=CA) == []
    theirs = listed(other)[0]["AmazonOrderId"]
    assert Store(sandbox).refused("ordersV0.getOrder", orderId=theirs) == (404, "NotFound")


@pytest.mark.parametrize(
    "query",
    [
        {"CreatedAfter": "nonsense"},
        {"CreatedAfter": "2026-13-01T00:00:00Z"},
        {"CreatedAfter": ""},
        {"CreatedAfter": LONG_AGO, "LastUpdatedAfter": LONG_AGO},
        {"CreatedAfter": LONG_AGO, "LastUpdatedBefore": "2026-02-01"},
        {"CreatedAfter": LONG_AGO, "CreatedBefore": "2999-01-01T00:00:00Z"},
        {"CreatedAfter": LONG_AGO, "OrderStatuses": "Shipped,Lost"},
        {"CreatedAfter": LONG_AGO, "FulfillmentChannels": "FBA"},
    ],
)
def test_what_cannot_be_asked_is_refused(store: Store, query: dict[str, str]) -> None:
    """Dates that are none, two periods at once, the future, words that are not known."""
    assert store.refused(LIST, MarketplaceIds=US, **query) == (400, "InvalidInput")


def test_dates_are_taken_in_every_form_of_iso_8601(store: Store) -> None:
    """A day, with an offset, with fractions."""
    for text in ("2026-01-01", "2026-01-01T00:00:00.000Z", "2026-01-01T08:00:00+08:00"):
        assert len(listed(store, CreatedAfter=text)) == 45


def test_the_newer_version_tells_the_same_orders(store: Store) -> None:
    """Numbers, times and items agree, with every data set and with none."""
    old = {order["AmazonOrderId"]: order for order in listed(store)}
    query = {"createdAfter": LONG_AGO, "marketplaceIds": US}
    new = store.get(SEARCH, **query, includedData=EVERYTHING)["orders"]
    assert [order["orderId"] for order in new] == list(old)
    for order in new:
        assert order["createdTime"] == old[order["orderId"]]["PurchaseDate"]
        assert order["buyer"]["buyerName"]
        assert order["recipient"]["deliveryAddress"]["countryCode"] == "US"
        assert order["fulfillment"]["fulfillmentStatus"] in ("PENDING", "UNSHIPPED", "SHIPPED", "CANCELLED")
    plain = store.get("orders_2026-01-01.getOrder", orderId=new[0]["orderId"])["order"]
    assert not {"buyer", "recipient", "proceeds", "fulfillment", "packages"} & set(plain)
    full = store.get("orders_2026-01-01.getOrder", orderId=new[0]["orderId"], includedData="BUYER,PROCEEDS")
    assert {"buyer", "proceeds"} <= set(full["order"])


def test_the_newer_version_s_pages_add_up(store: Store) -> None:
    """The token alone leads on, over all the store's sites where none was named."""
    page = store.get(SEARCH, createdAfter=LONG_AGO, maxResultsPerPage="50", fulfilledBy="AMAZON,MERCHANT")
    seen = [order["orderId"] for order in page["orders"]]
    while token := page.get("pagination", {}).get("nextToken"):
        page = store.get(SEARCH, paginationToken=token)
        seen += [order["orderId"] for order in page["orders"]]
    assert len(seen) == len(set(seen)) == 3 * 45


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": "nonsense"},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"createdAfter": LONG_AGO, "fulfillmentStatuses": "Shipped"},
        {"createdAfter": LONG_AGO, "includedData": "EVERYTHING"},
        {"paginationToken": "made up"},
        {"paginationToken": "t+/" + base64.b64encode(b"[{},0,0]").decode()},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": "9" * 5000},
    ],
)
def test_what_the_newer_version_cannot_be_asked(store: Store, query: dict[str, str]) -> None:
    """One period, and words that it knows."""
    assert store.refused(SEARCH, **query) == (400, "InvalidInput")
    assert store.refused(SEARCH, createdAfter=LONG_AGO, marketplaceIds=DE) == (403, "Unauthorized")


def waiting(store: Store) -> tuple[str, dict[str, Any]]:
    """Return the number of an order that the store has to ship, and the request that confirms it."""
    order = listed(store, OrderStatuses="Unshipped", FulfillmentChannels="MFN")[0]["AmazonOrderId"]
    items = store.get("ordersV0.getOrderItems", orderId=order)["payload"]["OrderItems"]
    package = {
        "packageReferenceId": "1",
        "carrierCode": "DHL",
        "trackingNumber": "0034",
        "shipDate": stamp(store.sandbox),
        "orderItems": [
            {"orderItemId": item["OrderItemId"], "quantity": item["QuantityOrdered"]} for item in items
        ],
    }
    return order, {"marketplaceId": US, "packageDetail": package}


def test_a_confirmed_shipment_ships_the_order(store: Store) -> None:
    """204 without a body; both versions tell it from then on, and as updated."""
    order, shipment = waiting(store)
    before = stamp(store.sandbox)
    answer = store.send("ordersV0.confirmShipment", shipment, orderId=order)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    told = store.get("ordersV0.getOrder", orderId=order)["payload"]
    assert (told["OrderStatus"], told["NumberOfItemsUnshipped"]) == ("Shipped", 0)
    assert told["LastUpdateDate"] >= before
    newer = store.get("orders_2026-01-01.getOrder", orderId=order, includedData="FULFILLMENT")["order"]
    assert newer["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    again = store.refused("ordersV0.confirmShipment", shipment, orderId=order)
    assert again == (400, "InvalidInput")


def test_a_shipment_is_looked_at(store: Store) -> None:
    """Each field that is needed, lines of the order, and no order that Amazon ships."""
    order, shipment = waiting(store)
    package = shipment["packageDetail"]
    foreign = {**package, "orderItems": [{"orderItemId": "1", "quantity": 1}]}
    unnamed = {**package, "orderItems": [{"orderItemId": [], "quantity": 1}]}
    wrong: list[dict[str, Any]] = [{}, {"marketplaceId": US}]
    wrong += [{**shipment, "packageDetail": each} for each in (foreign, unnamed)]
    wrong += [
        {**shipment, "packageDetail": {name: each for name, each in package.items() if name != left_out}}
        for left_out in package
    ]
    for body in wrong:
        store.sandbox.control("clock", {"advance": 1})  # for the usage plan
        assert store.refused("ordersV0.confirmShipment", body, orderId=order) == (400, "InvalidInput")
    by_amazon = listed(store, OrderStatuses="Unshipped", FulfillmentChannels="AFN")[0]["AmazonOrderId"]
    assert store.refused("ordersV0.confirmShipment", shipment, orderId=by_amazon) == (400, "InvalidInput")
    assert store.refused("ordersV0.confirmShipment", shipment, orderId="1") == (404, "NotFound")


def test_a_pickup_is_told(store: Store) -> None:
    """One of three words."""
    order = listed(store)[0]["AmazonOrderId"]
    operation, body = "ordersV0.updateShipmentStatus", {"marketplaceId": US, "shipmentStatus": "PickedUp"}
    assert store.send(operation, body, orderId=order).status_code == 204
    unknown = {**body, "shipmentStatus": "Lost"}
    assert store.refused(operation, unknown, orderId=order) == (400, "InvalidInput")
