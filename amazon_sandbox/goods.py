"""What every store sells: 500 articles, the same in catalog, listings, stock, prices and orders."""

from dataclasses import dataclass
from typing import Any

HOW_MANY = 500
LISTED = 5  # how many of them a store has as listings from the start
PRODUCT_TYPE = "TOYS_AND_GAMES"
BRAND = "Sandbox"


@dataclass(frozen=True)
class Good:
    """One article by its number, from 1 on."""

    number: int

    @property
    def sku(self) -> str:
        """What a store calls it."""
        return f"SANDBOX-SKU-{self.number}"

    @property
    def asin(self) -> str:
        """What Amazon calls it."""
        return f"B0SAND{self.number:04d}"

    @property
    def fn_sku(self) -> str:
        """What Amazon's warehouses call it."""
        return f"X00SAND{self.number:03d}"

    @property
    def ean(self) -> str:
        """A number of 13 digits."""
        return f"4000000{self.number:06d}"

    @property
    def title(self) -> str:
        """A name that is not ASCII."""
        return f"Sandkasten für Kinder ☕ {self.number}"

    @property
    def cents(self) -> int:
        """What one costs, in hundredths of whichever currency."""
        return self.number * 100 + 99

    @property
    def price(self) -> str:
        """What one costs, with two decimals."""
        return amount(self.cents)

    @property
    def quantity(self) -> int:
        """How many are in stock."""
        return self.number % 7

    @property
    def image(self) -> dict[str, Any]:
        """A picture, as the catalog and the listings have it."""
        link = f"https://m.media-amazon.com/images/I/{self.asin}.jpg"
        return {"link": link, "height": 500, "width": 500}


def amount(cents: int) -> str:
    """Return hundredths as Amazon writes amounts."""
    return f"{cents // 100}.{cents % 100:02d}"


GOODS = tuple(Good(number) for number in range(1, HOW_MANY + 1))
BY_SKU = {good.sku: good for good in GOODS}
BY_ASIN = {good.asin: good for good in GOODS}
