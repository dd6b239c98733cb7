"""What a program under with_token.py is told of where its store or profile is, beside the token.

What is not known is not set, nor inherited. In a sandbox nobody is sent to Amazon itself, and with a stand-in
token nobody is at all: it is for the gateway's own addresses.
"""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from linkfox_client.amazon import stores
from linkfox_client.amazon.sites import find_site
from linkfox_client.commands import choice, lists
from linkfox_client.config import checked_gateway
from linkfox_client.errors import ClientError

if TYPE_CHECKING:
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

VARIABLES = (
    "AMAZON_SELLER_ID",
    "AMAZON_REGION",
    "AMAZON_MARKETPLACE_IDS",
    "AMAZON_SPAPI_ENDPOINT",
    "AMAZON_ADS_ENDPOINT",
    "AMAZON_SANDBOX",
)
Variables = dict[str, str | None]


def of_store(gateway: "Gateway", answer: Mapping[str, Any], chosen: "choice.Choice") -> Variables:
    """Return the variables of a store; `answer`: what the gateway told beside its token.

    The answer's region is the one that the store is kept under, which for India is not the one asked for. Of
    its sites the one that was named comes first.
    """
    asked = chosen.which["region"]
    kept = answer.get("region", asked)
    host = SPAPI_HOSTS.get(kept if isinstance(kept, str) else "")
    region = kept if host else asked
    row = chosen.row
    if not row:
        with contextlib.suppress(ClientError):  # the program can do without it
            listed = _listed_stores(gateway, {**chosen.which, "region": region})
            row = next((each for each in listed if each.get("region") == region), {})
    return _variables(
        gateway,
        AMAZON_SELLER_ID=chosen.which["sellerId"],
        AMAZON_REGION=region,
        AMAZON_MARKETPLACE_IDS=_sites(row, answer, chosen),
        AMAZON_SPAPI_ENDPOINT=_endpoint(host, answer, sandbox=gateway.sandbox),
    )


def of_profile(gateway: "Gateway", answer: Mapping[str, Any], chosen: "choice.Choice") -> Variables:
    """Return the variables of an ads profile, whose region only the list tells."""
    profile = chosen.row or _listed_profile(gateway, chosen.which["profileId"])
    region = profile.get("region")
    host = ADS_HOSTS.get(region if isinstance(region, str) else "")
    return _variables(
        gateway,
        AMAZON_REGION=region if host else None,
        AMAZON_MARKETPLACE_IDS=_site(profile),
        AMAZON_ADS_ENDPOINT=_endpoint(host, answer, sandbox=gateway.sandbox),
    )


def at_the_gateway(gateway: "Gateway", chosen: "choice.Choice") -> tuple[str, Variables]:
    """Return the handle of who was chosen, and the variables of a program that calls the gateway's addresses.

    The list tells the region that is in both. Raise ClientError where it cannot be had.
    """
    base, which = gateway.settings.gateway, chosen.which
    if "profileId" in which:
        profile = chosen.row or choice.find_profile(gateway, profile_id=which["profileId"])
        region = _region(profile)
        variables = _variables(
            gateway,
            AMAZON_REGION=region,
            AMAZON_MARKETPLACE_IDS=_site(profile),
            AMAZON_ADS_ENDPOINT=f"{base}/ads/{region.lower()}",
        )
        return f"proxy:profile:{which['profileId']}", variables
    row = chosen.row or _kept_store(gateway, which)
    region = _region(row)
    variables = _variables(
        gateway,
        AMAZON_SELLER_ID=which["sellerId"],
        AMAZON_REGION=region,
        AMAZON_MARKETPLACE_IDS=_sites(row, row, chosen),
        AMAZON_SPAPI_ENDPOINT=f"{base}/spapi/{region.lower()}",
    )
    return f"proxy:store:{which['sellerId']}:{region}", variables


def _kept_store(gateway: "Gateway", which: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a store's row of the list, with the region that it is kept under.

    It is `which` where there is none, which the gateway refuses then, and where the key may not read the
    list: one that may only call Amazon. Raise ClientError.
    """
    try:
        listed = _listed_stores(gateway, which)
    except ClientError as failure:
        if failure.reason != "key_lacks_right":
            raise
        return which
    exact = [row for row in listed if row.get("region") == which["region"]]
    return next(iter([*exact, *listed]), which)


def _variables(gateway: "Gateway", **known: str | None) -> Variables:
    """Return all variables of this module: those that are `known`, and None for the others."""
    return dict.fromkeys(VARIABLES) | known | {"AMAZON_SANDBOX": "1" if gateway.sandbox else None}


def _region(row: Mapping[str, Any]) -> str:
    """Return the region of a listed store or profile. Raise ClientError (`gateway_failed`) for none."""
    region = row.get("region")
    if isinstance(region, str) and region in SPAPI_HOSTS:
        return region
    raise ClientError(
        "gateway_failed",
        "The gateway's list does not say in which region this is",
        "Run the command without --proxy.",
    )


def _sites(row: Mapping[str, Any], answer: Mapping[str, Any], chosen: "choice.Choice") -> str | None:
    """Return the ids of a store's sites, by its `row`, else by the gateway's `answer`; None for none."""
    sites = _participations(row) or _named_site(answer)
    if chosen.site is not None:
        first = chosen.site.marketplace_id
        sites = [first, *(each for each in sites if each != first)]
    return ",".join(sites) or None


def _site(profile: Mapping[str, Any]) -> str | None:
    marketplace = profile.get("marketplaceStringId")
    return marketplace if _is_id(marketplace) else None


def _listed_stores(gateway: "Gateway", which: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the list's rows of one seller and region; the hosted gateway's tell nothing more of them.

    India is kept under another region than it may be asked for under, and an older gateway tells of all.
    Raise ClientError.
    """
    if gateway.is_hosted:
        return []
    listed = lists.entries(gateway.post("/spApi/authorizedStores", which))
    return [row for row in listed if row.get("sellerId") == which["sellerId"]]


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
