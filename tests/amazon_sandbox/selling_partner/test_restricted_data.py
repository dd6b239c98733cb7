"""Who bought and where it goes is told by Orders v0 for a restricted data token only."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox_process import SandboxProcess
from tests.support.selling_partner import US, Store

CREATE = "tokens_2021-03-01.createRestrictedDataToken"
ORDERS = "/orders/v0/orders"
BUYER = {"method": "GET", "path": ORDERS, "dataElements": ["buyerInfo"]}
LIST = {"MarketplaceIds": US, "CreatedAfter": "2026-01-01T00:00:00Z"}


def restricted(store: Store, *resources: dict[str, Any]) -> Store:
    """Return the same store with a restricted data token."""
    answer = store.get(CREATE, {"restrictedResources": list(resources)})
    assert answer["expiresIn"] == 3600
    token = answer["restrictedDataToken"]
    assert token.startswith("Atz.sprdt|")
    return Store(store.sandbox, token)


def test_an_access_token_sees_no_buyer(store: Store) -> None:
    """The list comes without, and what is nothing but such data is refused."""
    orders = store.get("ordersV0.getOrders", **LIST)["payload"]["Orders"]
    assert not any({"BuyerInfo", "ShippingAddress"} & set(order) for order in orders)
    number = orders[0]["AmazonOrderId"]
    for operation in ("getOrderAddress", "getOrderBuyerInfo", "getOrderItemsBuyerInfo"):
        assert store.refused(f"ordersV0.{operation}", orderId=number) == (403, "Unauthorized")


def test_a_restricted_token_sees_the_data_that_it_was_made_for(store: Store) -> None:
    """The buyer, and the address only where that was asked for too."""
    orders = restricted(store, BUYER).get("ordersV0.getOrders", **LIST)["payload"]["Orders"]
    assert all("@" in order["BuyerInfo"]["BuyerEmail"] for order in orders)
    assert not any("ShippingAddress" in order for order in orders)
    both = {**BUYER, "dataElements": ["buyerInfo", "shippingAddress"]}
    orders = restricted(store, both).get("ordersV0.getOrders", **LIST)["payload"]["Orders"]
    assert all(order["ShippingAddress"]["CountryCode"] == "US" for order in orders)


def test_a_restricted_token_opens_its_paths_only(store: Store) -> None:
    """One order or, with a parameter in the path, any; never another operation or store."""
    numbers = [
        order["AmazonOrderId"] for order in store.get("ordersV0.getOrders", **LIST)["payload"]["Orders"]
    ]
    one = restricted(store, {"method": "GET", "path": f"{ORDERS}/{numbers[0]}/address"})
    assert one.get("ordersV0.getOrderAddress", orderId=numbers[0])["payload"]["ShippingAddress"]
    assert one.refused("ordersV0.getOrderAddress", orderId=numbers[1]) == (403, "Unauthorized")
    assert one.refused("ordersV0.getOrders", **LIST) == (403, "Unauthorized")
    assert one.refused(CREATE, {"restrictedResources": [BUYER]}) == (403, "Unauthorized")
    any_order = restricted(
        store,
        {"method": "GET", "path": f"{ORDERS}/{{orderId}}/buyerInfo"},
        {"method": "GET", "path": f"{ORDERS}/{{orderId}}/orderItems/buyerInfo"},
        {"method": "GET", "path": f"{ORDERS}/{{orderId}}/orderItems", "dataElements": ["buyerInfo"]},
    )
    for number in numbers[:2]:
        assert any_order.get("ordersV0.getOrderBuyerInfo", orderId=number)["payload"]["BuyerName"]
        any_order.get("ordersV0.getOrderItemsBuyerInfo", orderId=number)
        any_order.get("ordersV0.getOrderItems", orderId=number)
    other = Store(store.sandbox, store.sandbox.grant(sellerId="A1SANDBOXNA002", region="NA")["accessToken"])
    foreign = restricted(other, {"method": "GET", "path": f"{ORDERS}/{{orderId}}/address"})
    assert foreign.refused("ordersV0.getOrderAddress", orderId=numbers[0]) == (404, "NotFound")


@pytest.mark.parametrize("end", ["hour", "revocation"])
def test_a_restricted_token_ends(store: Store, end: str) -> None:
    """After an hour, and with the consent."""
    buyers = restricted(store, BUYER)
    if end == "hour":
        store.sandbox.control("clock", {"advance": 3600})
    else:
        store.sandbox.control("revoke", {"sellerId": "A1SANDBOXNA001"})
    assert buyers.refused("ordersV0.getOrders", **LIST) == (403, "Unauthorized")


def test_a_restricted_token_opens_nothing_after_a_restart(tmp_path: Path) -> None:
    """What it was for is forgotten, so it is no access token either."""
    flags = ("--state", str(tmp_path / "state.json"))
    before = SandboxProcess(*flags)
    token = restricted(Store(before), BUYER).token
    before.stop()
    after = SandboxProcess(*flags)
    try:
        assert Store(after, token).refused("ordersV0.getOrders", **LIST) == (403, "Unauthorized")
    finally:
        after.stop()


def test_documents_with_data_of_buyers_want_a_restricted_token(store: Store) -> None:
    """Of the report types that Amazon lists as restricted."""
    wanted = {"reportType": "GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING", "marketplaceIds": [US]}
    number = store.get("reports_2021-06-30.createReport", wanted)["reportId"]
    reports = [store.get("reports_2021-06-30.getReport", reportId=number) for _ in range(3)]
    document = reports[-1]["reportDocumentId"]
    operation = "reports_2021-06-30.getReportDocument"
    assert store.refused(operation, reportDocumentId=document) == (403, "Unauthorized")
    path = f"/reports/2021-06-30/documents/{document}"
    assert restricted(store, {"method": "GET", "path": path}).get(operation, reportDocumentId=document)["url"]


@pytest.mark.parametrize(
    "resources",
    [
        None,
        [],
        [{}],
        ["text"],
        [{"method": "GET", "path": "/nothing/here"}],
        [{"method": "GET", "path": ORDERS}],
        [{"method": "GET", "path": ORDERS, "dataElements": ["shoeSize"]}],
        [BUYER] * 51,
    ],
)
def test_what_no_token_can_be_made_for(store: Store, resources: Any) -> None:
    """Nothing, too much, unknown operations and unknown data."""
    assert store.refused(CREATE, {"restrictedResources": resources}) == (400, "InvalidInput")
