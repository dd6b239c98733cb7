"""The Sellers API: where a seller takes part, and the account.

https://developer-docs.amazon.com/sp-api/docs/sellers-api
"""

from typing import Any

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import participation, sites_of
from amazon_sandbox.selling_partner.call import Call, Story


def _participations(call: Call) -> Answer:
    """Return the sites of the region, and in which of them the seller takes part."""
    return known("spApi.ok", {"payload": _list(call)})


def _account(call: Call) -> Answer:
    """Return the business behind the account, and its sites."""
    seller = call.world.seller(*call.store)
    name = seller.name if seller else ""
    address = {
        "addressLine1": "1 Sandbox Street",
        "city": "Sandbox",
        "postalCode": "00001",
        "countryCode": sites_of(call.region)[0]["isoCountryCode"],
    }
    payload = {
        "businessType": "PRIVATE_LIMITED",
        "sellingPlan": "PROFESSIONAL",
        "business": {"name": name, "registeredBusinessAddress": address},
        "primaryContact": {"name": "Sandbox Contact", "address": address},
        "marketplaceParticipationList": _list(call),
    }
    return known("spApi.ok", {"payload": payload})


def _list(call: Call) -> list[dict[str, Any]]:
    seller = call.world.seller(*call.store)
    name, countries = (seller.name, seller.countries) if seller else ("", [])
    return [participation(site, name, site["countryCode"] in countries) for site in sites_of(call.region)]


STORIES: dict[str, Story] = {
    "sellers.getMarketplaceParticipations": _participations,
    "sellers.getAccount": _account,
}
