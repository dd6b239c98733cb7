"""What a program under with_token.py is told of where its store or profile is, beside the token.

What is not known is not set, nor inherited. In a sandbox nobody is sent to Amazon itself.
"""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from linkfox_client.amazon import stores
from linkfox_client.amazon.sites import find_site
from linkfox_client.commands import lists
from linkfox_client.config import checked_gateway
from linkfox_client.errors import ClientError

if TYPE_CHECKING:
    from linkfox_client.commands.choice import Choice
    from linkfox_client.gateway.client import Gateway

# Where Amazon's APIs are, by region: references/amazon.md.
SPAPI_HOSTS = {
    "NA": "sellingpartnerapi-na.amazon.com",
    "EU": "sellingpartnerapi-eu.amazon.com",
    "FE": "sellingpartnerapi-fe.amazon.com",
}
ADS_HOSTS = {
    "NA": "advertising-api.amazon.com",
    "EU": "advertising-api-eu.amazon.com",
    "FE": "advertising-api-fe.amazon.com",
}

Variables = dict[str, str | None]


def of_store(gateway: "Gateway", answer: Mapping[str, Any], chosen: "Choice") -> Variables:
    """Return the variables of a store; `answer`: what the gateway told beside its token.

    The answer's region is the one that the store is kept under, which for India is not the one asked for. Of
    its sites the one that was named comes first.
    """
    seller_id, asked = chosen.which["sellerId"], chosen.which["region"]
    kept = answer.get("region", asked)
    host = SPAPI_HOSTS.get(kept if isinstance(kept, str) else "")
    region = kept if host else asked
    row = chosen.row or _listed_store(gateway, seller_id, region)
    sites = _participations(row) or _named_site(answer)
    if chosen.site is not None:
        first = chosen.site.marketplace_id
        sites = [first, *(each for each in sites if each != first)]
    return {
        "AMAZON_SELLER_ID": seller_id,
        "AMAZON_REGION": region,
        "AMAZON_MARKETPLACE_IDS": ",".join(sites) or None,
        "AMAZON_SPAPI_ENDPOINT": _endpoint(host, answer, sandbox=gateway.sandbox),
        "AMAZON_ADS_ENDPOINT": None,
        "AMAZON_SANDBOX": "1" if gateway.sandbox else None,
    }


def of_profile(gateway: "Gateway", answer: Mapping[str, Any], chosen: "Choice") -> Variables:
    """Return the variables of an ads profile, whose region only the list tells."""
    profile = chosen.row or _listed_profile(gateway, chosen.which["profileId"])
    region, marketplace = profile.get("region"), profile.get("marketplaceStringId")
    host = ADS_HOSTS.get(region if isinstance(region, str) else "")
    return {
        "AMAZON_SELLER_ID": None,
        "AMAZON_REGION": region if host else None,
        "AMAZON_MARKETPLACE_IDS": marketplace if _is_id(marketplace) else None,
        "AMAZON_SPAPI_ENDPOINT": None,
        "AMAZON_ADS_ENDPOINT": _endpoint(host, answer, sandbox=gateway.sandbox),
        "AMAZON_SANDBOX": "1" if gateway.sandbox else None,
    }


def _listed_store(gateway: "Gateway", seller_id: str, region: str) -> Mapping[str, Any]:
    """Return a store's row of the list, which alone tells its sites; the hosted gateway's does not.

    Empty where it cannot be had: the program can do without it.
    """
    if gateway.is_hosted:
        return {}
    named = {"sellerId": seller_id, "region": region}
    with contextlib.suppress(ClientError):
        listed = lists.entries(gateway.post("/spApi/authorizedStores", named))
        return next((row for row in listed if named.items() <= row.items()), {})
    return {}


def _listed_profile(gateway: "Gateway", profile_id: int) -> Mapping[str, Any]:
    """Return a profile's row of the list; empty where it cannot be had, which the program can do without."""
    with contextlib.suppress(ClientError):
        listed = lists.entries(lists.whole(gateway, "/amazonAds/authorizedStores"))
        return next((row for row in listed if row.get("profileId") == profile_id), {})
    return {}


def _participations(row: Mapping[str, Any]) -> list[str]:
    """Return the ids of the sites that a store takes part in, as Amazon told when it was last asked."""
    return [site["marketplaceId"] for site in stores.taking_part(row) if _is_id(site["marketplaceId"])]


def _named_site(answer: Mapping[str, Any]) -> list[str]:
    """Return the id of the site that the store was authorized at, where the gateway tells it."""
    named = answer.get("marketplace")
    site = find_site(named) if isinstance(named, str) else None
    return [site.marketplace_id] if site else []


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isascii() and value.isalnum()


def _endpoint(host: str | None, answer: Mapping[str, Any], *, sandbox: bool) -> str | None:
    """Return the address of an API: in a sandbox the stand-in's or none, else Amazon's.

    None, too, for a stand-in that a token is not to be sent to: it has to be https, or on loopback.
    """
    if host is None or not sandbox:
        return host and f"https://{host}"
    origin = answer.get("amazonOrigin")
    try:
        return f"{checked_gateway(origin, 'amazonOrigin')}/{host}" if isinstance(origin, str) else None
    except ClientError:
        return None
