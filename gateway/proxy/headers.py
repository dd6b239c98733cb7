"""The headers that each API wants, and no others: none of the caller's own reaches Amazon by itself."""

from gateway.proxy.request import JSON, ProxyRequest
from gateway.util.secret import Secret


def selling_partner_headers(wanted: ProxyRequest, access_token: Secret) -> dict[str, str]:
    """Return the SP-API's headers (references/amazon.md, "SP-API calls")."""
    return {"x-amz-access-token": access_token.reveal(), "Accept": JSON, **_content_type(wanted)}


def ads_headers(
    wanted: ProxyRequest, access_token: Secret, client_id: str, profile_id: int | None
) -> dict[str, str]:
    """Return the Ads API's headers. Its versioned media types are wanted as Accept, too.

    But for those that name a request, such as that for a report: its answer is of another type.
    """
    scope = {} if profile_id is None else {"Amazon-Advertising-API-Scope": str(profile_id)}
    return {
        "Authorization": f"Bearer {access_token.reveal()}",
        "Amazon-Advertising-API-ClientId": client_id,
        **scope,
        "Accept": _accepted(wanted.content_type),
        **_content_type(wanted),
    }


def _content_type(wanted: ProxyRequest) -> dict[str, str]:
    if wanted.body is None:
        return {}
    return {"Content-Type": wanted.content_type or JSON}


def _accepted(content_type: str | None) -> str:
    """Return what may come back for a body of this type: for application/vnd.spCampaign.v3+json the same."""
    media_type = (content_type or "").partition(";")[0].strip()
    if "/vnd." not in media_type:
        return JSON
    return "*/*" if "request." in media_type.lower() else media_type
