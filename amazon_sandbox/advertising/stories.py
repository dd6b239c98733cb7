"""The operations that have a story: one module a family, each with its own table."""

from amazon_sandbox.advertising import profiles, reports, sponsored_products, unified
from amazon_sandbox.advertising.call import Story

STORIES: dict[str, Story] = {
    **profiles.STORIES,
    **sponsored_products.STORIES,
    **reports.STORIES,
    **unified.STORIES,
}
