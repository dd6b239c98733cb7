"""The orders of a store: every site it sells on has 45, five hours apart, up to the stand-in's present.

An order belongs to its moment: it has the same number, buyer and goods whenever it is looked at, and goes
from pending to unshipped to shipped as it grows older. New ones come, and the oldest leave the book.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.marketplaces import sites_of
from amazon_sandbox.selling_partner.call import Call
from amazon_sandbox.selling_partner.goods import GOODS, Good, amount

HOW_MANY = 45
APART = 5 * 3600  # seconds
SETTLING = 120  # an order is told of two minutes after it came [doc]
PENDING = 1800  # seconds until it is paid
SHIPPED = 24 * 3600  # seconds until it has left

_BUYERS = ("Wang Xiaoming 王小明", "Anna Müller", "John Smith", "佐藤 花子", "Zoë O'Neil")
_STREETS = ("1 Beach Road", "Sandweg 12", "22 Dune Street", "砂丘町 3-1", "4 Quai des Sables")


@dataclass(frozen=True)
class Order:
    """One order at one moment; times are seconds since the epoch, `status` is as Orders v0 has it."""

    number: int
    order_id: str
    site: dict[str, Any]
    purchased: float
    updated: float
    status: str
    lines: tuple[tuple[Good, int], ...]

    @property
    def by_amazon(self) -> bool:
        """Whether Amazon fulfills it."""
        return self.number % 2 == 1

    @property
    def units(self) -> int:
        """How many things were bought."""
        return sum(quantity for _, quantity in self.lines)

    @property
    def total(self) -> str:
        """What all of it costs."""
        return amount(sum(good.cents * quantity for good, quantity in self.lines))

    @property
    def shipped(self) -> bool:
        """Whether it has left."""
        return self.status == "Shipped"

    def item_id(self, line: int) -> str:
        """Return the number of a line."""
        return f"{self.order_id.replace('-', '')[:13]}{line}"

    @property
    def buyer_name(self) -> str:
        """Who bought it."""
        return _BUYERS[self.number % len(_BUYERS)]

    @property
    def buyer_email(self) -> str:
        """The buyer's address at Amazon's relay."""
        return f"buyer{self.number}@marketplace.amazon.com"

    @property
    def street(self) -> str:
        """Where it goes."""
        return _STREETS[self.number % len(_STREETS)]

    @property
    def postal_code(self) -> str:
        """Where it goes."""
        return f"{10000 + self.number % 80000}"


def orders_of(call: Call, marketplaces: Iterable[str] | None = None, at: float | None = None) -> list[Order]:
    """Return the orders of the calling store, newest first; those of which it confirmed so are shipped.

    `marketplaces` are those asked for (None = all), `at` the moment that is looked at (None = now).
    """
    seller = call.world.seller(*call.store)
    now = call.world.clock.now() if at is None else at
    wanted = None if marketplaces is None else set(marketplaces)
    found = []
    for index, site in enumerate(sites_of(call.region)):
        sells = seller is not None and site["countryCode"] in seller.countries
        if not sells or (wanted is not None and site["marketplaceId"] not in wanted):
            continue
        newest = int((now - SETTLING - 60 * index) // APART)
        found += [
            _order(call, site, number, number * APART + 60 * index, now)
            for number in range(newest, newest - HOW_MANY, -1)
        ]
    return sorted(found, key=lambda order: -order.purchased)


def _order(call: Call, site: dict[str, Any], number: int, purchased: float, now: float) -> Order:
    seed = hashlib.sha256(f"{call.seller_id}|{site['marketplaceId']}|{number}".encode()).digest()
    digits = str(int.from_bytes(seed[:8], "big")).zfill(17)
    order_id = f"{digits[:3]}-{digits[3:10]}-{digits[10:17]}"
    confirmed = call.world.business.shipments.get((*call.store, order_id), purchased + SHIPPED)
    if now < purchased + PENDING:
        status, updated = "Pending", purchased
    elif number % 15 == 0:
        status, updated = "Canceled", purchased + PENDING
    elif now < confirmed:
        status, updated = "Unshipped", purchased + PENDING
    else:
        status, updated = "Shipped", confirmed
    lines = tuple((GOODS[seed[9 + line] % 40], 1 + seed[12 + line] % 2) for line in range(1 + seed[8] % 2))
    return Order(number, order_id, site, purchased, updated, status, lines)
