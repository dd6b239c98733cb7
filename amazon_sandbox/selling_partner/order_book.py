"""The orders of a store: every site it sells on has 45, five hours apart, up to the stand-in's present.

An order belongs to its moment: it has the same number, buyer and goods whenever it is looked at, and goes
from pending to unshipped to shipped as it grows older. New ones come, and the oldest leave the book.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.goods import GOODS, Good, amount
from amazon_sandbox.marketplaces import sites_of
from amazon_sandbox.selling_partner.call import Call
from amazon_sandbox.selling_partner.parameters import Parameters
from amazon_sandbox.selling_partner.refusals import invalid, missing

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


@dataclass(frozen=True)
class Period:
    """The time that a list of orders is asked for, of their creation or of their last update (seconds)."""

    of_creation: bool
    start: float
    end: float

    @classmethod
    def read(cls, given: Parameters, names: tuple[str, str, str, str]) -> "Period":
        """Return the period of a query. Raise Refused for one that Amazon does not take.

        `names` are the parameters: created after and before, updated after and before.
        """
        created, created_end, updated, updated_end = (given.instant(name) for name in names)
        if (created is None) == (updated is None):
            raise invalid(f"Exactly one of {names[0]} and {names[2]} is needed.")
        if (updated_end if updated is None else created_end) is not None:
            raise invalid(f"{names[1]} goes with {names[0]}, {names[3]} with {names[2]}.")
        end, latest = created_end if updated is None else updated_end, given.at - SETTLING
        if end is not None and end > latest:
            raise invalid("The end of the period must be two minutes or more before now.")
        start = created if updated is None else updated
        return cls(updated is None, start or 0.0, latest if end is None else end)

    def holds(self, order: Order) -> bool:
        """Tell whether an order is of this time."""
        return self.start <= (order.purchased if self.of_creation else order.updated) <= self.end


def find_order(call: Call) -> Order:
    """Return the calling store's order that the path names. Raise Refused."""
    for order in orders_of(call):
        if order.order_id == call.path["orderId"]:
            return order
    raise missing("The order was not found.")


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
