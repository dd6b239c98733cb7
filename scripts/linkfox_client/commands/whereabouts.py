"""What a program under with_token.py is told of where its store or profile is, beside the token.

What is not known is not set, nor inherited. In a sandbox nobody is sent to Amazon itself.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from linkfox_client.amazon import endpoints
from linkfox_client.amazon.sites import find_site
from linkfox_client.commands import lists
from linkfox_client.errors import ClientError

if TYPE_CHECKING:
    from linkfox_client.gateway.client import Gateway

Variables = dict[str, str | None]


def of_store(answer: Mapping[str, Any], seller_id: str, region: str, *, sandbox: bool) -> Variables:
    """Return the variables of a store; `answer`: what the gateway told beside its token.

    The answer's region is the one that the store is kept under, which for India is not the one asked for.
    """
    named = answer.get("marketplace")
    site = find_site(named) if isinstance(named, str) else None
    kept = answer.get("region", region)
    host = endpoints.SPAPI_HOSTS.get(kept if isinstance(kept, str) else "")
    return {
        "AMAZON_SELLER_ID": seller_id,
        "AMAZON_REGION": kept if host else region,
        "AMAZON_MARKETPLACE_IDS": site.marketplace_id if site else None,
        "AMAZON_SPAPI_ENDPOINT": _endpoint(host, answer, sandbox=sandbox),
        "AMAZON_ADS_ENDPOINT": None,
        "AMAZON_SANDBOX": "1" if sandbox else None,
    }


def of_profile(gateway: "Gateway", answer: Mapping[str, Any], profile_id: int) -> Variables:
    """Return the variables of an ads profile, whose region only the list tells.

    The program can do without them: where the list cannot be had they are left out.
    """
    try:
        listed = lists.entries(lists.whole(gateway, "/amazonAds/authorizedStores"))
    except ClientError:
        listed = []
    profile = next((entry for entry in listed if entry.get("profileId") == profile_id), {})
    region, marketplace = profile.get("region"), profile.get("marketplaceStringId")
    host = endpoints.ADS_HOSTS.get(region if isinstance(region, str) else "")
    known = isinstance(marketplace, str) and marketplace.isascii() and marketplace.isalnum()
    return {
        "AMAZON_SELLER_ID": None,
        "AMAZON_REGION": region if host else None,
        "AMAZON_MARKETPLACE_IDS": marketplace if known else None,
        "AMAZON_SPAPI_ENDPOINT": None,
        "AMAZON_ADS_ENDPOINT": _endpoint(host, answer, sandbox=gateway.sandbox),
        "AMAZON_SANDBOX": "1" if gateway.sandbox else None,
    }


def _endpoint(host: str | None, answer: Mapping[str, Any], *, sandbox: bool) -> str | None:
    """Return the address of an API: in a sandbox the stand-in's or none, else Amazon's."""
    if host is None:
        return None
    return endpoints.stand_ins(answer.get("amazonOrigin"), host) if sandbox else endpoints.amazons(host)
