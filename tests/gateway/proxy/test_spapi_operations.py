"""The Selling Partner API's published operations, as the gateway finds them."""

import json

import pytest

from gateway.proxy.spapi_operations import (
    FILE,
    PARTICIPATIONS,
    RESTRICTED_DATA_TOKEN,
    Operation,
    spapi_operations,
)
from gateway.proxy.targets import check_path
from gateway.settings.proxy_defaults import SPAPI_PREFIXES


def found(method: str, path: str) -> Operation | None:
    """Return the operation of a path as a caller writes it."""
    return spapi_operations().find(method, check_path(path, SPAPI_PREFIXES).segments)


def test_each_published_operation_is_found_as_itself() -> None:
    """Whatever stands in the place of its parameters; none is taken for one that is alike."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    assert len(rows) > 300
    for row in rows:
        segments = ["A-1" if part.startswith("{") else part for part in row["path"].strip("/").split("/")]
        operation = spapi_operations().find(row["method"], segments)
        assert operation is not None
        assert operation.key == f"{row['api']}.{row['operation']}"
        assert (operation.rate, operation.burst) == (row.get("rate"), row.get("burst"))
        assert (operation.rate is None) == (operation.burst is None)


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/orders/v0/orders", "ordersV0.getOrders"),
        ("GET", "orders/v0/orders/", "ordersV0.getOrders"),
        ("GET", "/listings/2021-08-01/items/A1/A%2FB", "listingsItems_2021-08-01.getListingsItem"),
        ("POST", "/orders/v0/orders", None),
        ("GET", "/orders/v9/orders", None),
        ("get", "/orders/v0/orders", None),
    ],
)
def test_a_call_is_found_as_it_is_written(method: str, path: str, key: str | None) -> None:
    """Decoded, with a slash at the end or without; what is not published is none."""
    operation = found(method, path)
    assert (operation and operation.key) == key


def test_what_the_gateway_calls_itself_is_published() -> None:
    """With a rate."""
    for method, segments in (PARTICIPATIONS, RESTRICTED_DATA_TOKEN):
        operation = spapi_operations().find(method, segments)
        assert operation is not None
        assert operation.rate


def test_grantless_and_restricted_operations_say_so() -> None:
    """One of each kind."""
    destinations = found("GET", "/notifications/v1/destinations")
    address = found("GET", "/orders/v0/orders/123-1234567-1234567/address")
    assert destinations is not None
    assert destinations.grantless
    assert address is not None
    assert (address.grantless, address.restricted) == (False, "always")
