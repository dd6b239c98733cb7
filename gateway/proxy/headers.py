"""The headers that each API wants, and no others: none of the caller's own reaches Amazon by itself."""

from gateway.proxy.media_types import JSON
from gateway.proxy.request import ProxyRequest
from gateway.util.secret import Secret


def selling_partner_headers(wanted: ProxyRequest, access_token: Secret) -> dict[str, str]:
    """Return the SP-API's headers (references/amazon.md, "SP-API calls")."""
    return {"x-amz-access-token": access_token.reveal(), "Accept": wanted.accept, **_content_type(wanted)}


def ads_headers(
    wanted: ProxyRequest, access_token: Secret, client_id: str, profile_id: int | None
) -> dict[str, str]:
    """Return the Ads API's headers (references/amazon.md, "Amazon Ads")."""
    scope = {} if profile_id is None else {"Amazon-Advertising-API-Scope": str(profile_id)}
    return {
        "Authorization": f"Bearer {access_token.reveal()}",
        "Amazon-Advertising-API-ClientId": client_id,
        **scope,
        "Accept": wanted.accept,
        **_content_type(wanted),
    }


def _content_type(wanted: ProxyRequest) -> dict[str, str]:
    if wanted.body is None:
        return {}
    return {"Content-Type": wanted.content_type or JSON}
