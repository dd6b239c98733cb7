"""The Orders API: 45 orders a store, in pages (`NextToken`), always the same ones."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from amazon_sandbox.http_messages import Answer, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import sites_of
from amazon_sandbox.records import Grant
from amazon_sandbox.selling_partner.operations import Operation, Refused, invalid, missing, whole_number

ORDERS = "/orders/v0/orders"
HOW_MANY = 45
LARGEST_PAGE = 100
_NEWEST = datetime(2026, 6, 30, 12, tzinfo=UTC)


class Orders:
    """The orders of every store of a region."""

    def __init__(self, region: str) -> None:
        self._sites = {site["marketplaceId"]: site for site in sites_of(region)}

    def find(self, request: Request) -> Operation | None:
        """Return the operation that a request is for, None where it is none of these."""
        if request.method != "GET":
            return None
        if request.path == ORDERS:
            return Operation("getOrders", 0.0167, 20, self._list)
        if request.path.startswith(f"{ORDERS}/") and request.path.count("/") == 4:
            return Operation("getOrder", 0.5, 30, self._one)
        return None

    def _list(self, request: Request, grant: Grant) -> Answer:
        given = request.parameters
        if not given.get("MarketplaceIds"):
            raise invalid("MarketplaceIds is missing.")
        wanted = given["MarketplaceIds"].split(",")
        if not set(wanted) <= set(self._sites):
            raise Refused(known("spApi.wrongRegion"))
        size = whole_number(given.get("MaxResultsPerPage", "100"), "MaxResultsPerPage", 1, LARGEST_PAGE)
        if "NextToken" in given:
            start = _read_token(given["NextToken"])
        elif "CreatedAfter" in given or "LastUpdatedAfter" in given:
            start = 0
        else:
            raise invalid("CreatedAfter or LastUpdatedAfter is missing.")
        page = [self._order(grant, number, wanted[0]) for number in range(start, min(start + size, HOW_MANY))]
        payload: dict[str, Any] = {"Orders": page, "CreatedBefore": _timestamp(_NEWEST)}
        if start + size < HOW_MANY:
            payload["NextToken"] = _token(start + size)
        return known("spApi.ok", {"payload": payload})

    def _one(self, request: Request, grant: Grant) -> Answer:
        order_id = request.path.rpartition("/")[2]
        for number in range(HOW_MANY):
            order = self._order(grant, number, next(iter(self._sites)))
            if order["AmazonOrderId"] == order_id:
                return known("spApi.ok", {"payload": order})
        raise missing("The order was not found.")

    def _order(self, grant: Grant, number: int, marketplace_id: str) -> dict[str, Any]:
        digits = str(
            int.from_bytes(hashlib.sha256(f"{grant.seller_id}|{number}".encode()).digest()[:8], "big")
        ).zfill(17)
        at = _NEWEST - timedelta(hours=5 * number)
        return {
            "AmazonOrderId": f"{digits[:3]}-{digits[3:10]}-{digits[10:17]}",
            "PurchaseDate": _timestamp(at),
            "LastUpdateDate": _timestamp(at + timedelta(hours=1)),
            "OrderStatus": "Shipped" if number % 3 else "Unshipped",
            "FulfillmentChannel": "AFN" if number % 2 else "MFN",
            "NumberOfItemsShipped": 1 if number % 3 else 0,
            "NumberOfItemsUnshipped": 0 if number % 3 else 1,
            "OrderTotal": {
                "CurrencyCode": self._sites[marketplace_id]["currency"],
                "Amount": f"{19 + number}.99",
            },
            "MarketplaceId": marketplace_id,
            "ShipServiceLevel": "Standard",
        }


def _timestamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _token(start: int) -> str:
    # With characters that have to be percent-encoded in a query, as Amazon's have.
    return "t+/" + base64.b64encode(f"orders from {start}".encode()).decode()


def _read_token(token: str) -> int:
    try:
        text = base64.b64decode(token.removeprefix("t+/"), validate=True).decode()
    except ValueError:
        text = ""
    prefix, _, start = text.rpartition(" ")
    if not token.startswith("t+/") or prefix != "orders from":
        raise invalid("NextToken is not valid.")
    return whole_number(start, "NextToken", 0, HOW_MANY)
