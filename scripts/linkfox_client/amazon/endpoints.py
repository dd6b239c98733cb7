"""Where Amazon's APIs are, by region (references/amazon.md), or a sandbox's stand-in for them."""

from linkfox_client.config import checked_gateway
from linkfox_client.errors import ClientError

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


def amazons(host: str) -> str:
    """Return Amazon's own address of a host."""
    return f"https://{host}"


def stand_ins(origin: object, host: str) -> str | None:
    """Return where the stand-in answers in the place of a host.

    None for an `origin` that a token is not to be sent to: it has to be https, or on loopback.
    """
    try:
        return f"{checked_gateway(origin, 'amazonOrigin')}/{host}" if isinstance(origin, str) else None
    except ClientError:
        return None
