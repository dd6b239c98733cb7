"""The operations that have a story: one module a family or version, each with its own table."""

from amazon_sandbox.selling_partner import (
    catalog,
    data_kiosk,
    definitions,
    feeds,
    inventory,
    listings,
    notifications,
    orders,
    orders_2026,
    pricing,
    pricing_2022,
    reports,
    restricted_data,
    sellers,
    shipments,
)
from amazon_sandbox.selling_partner.call import Story

_FAMILIES = (
    catalog, data_kiosk, definitions, feeds, inventory, listings, notifications, orders, orders_2026,
    pricing, pricing_2022, reports, restricted_data, sellers, shipments,
)  # fmt: skip

STORIES: dict[str, Story] = {key: story for family in _FAMILIES for key, story in family.STORIES.items()}
