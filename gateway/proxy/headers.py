"""The headers that each API wants, and no others: none of the caller's own reaches Amazon by itself."""

from gateway.proxy.wanted import JSON, Wanted
from gateway.secret import Secret


def selling_partner_headers(wanted: Wanted, access_token: Secret) -> dict[str, str]:
    """Return the SP-API's headers (references/amazon.md, "SP-API calls")."""
    return {"x-amz-access-token": access_token.reveal(), "Accept": JSON, **_content_type(wanted)}


def ads_headers(
    wanted: Wanted, access_token: Secret, client_id: str, profile_id: int | None
) -> dict[str, str]:
    """Return the Ads API's headers. Its versioned media types are wanted as Accept, too."""
    scope = {} if profile_id is None else {"Amazon-Advertising-API-Scope": str(profile_id)}
    return {
        "Authorization": f"Bearer {access_token.reveal()}",
        "Amazon-Advertising-API-ClientId": client_id,
        **scope,
        "Accept": _versioned(wanted.content_type) or JSON,
        **_content_type(wanted),
    }


def _content_type(wanted: Wanted) -> dict[str, str]:
    if wanted.body is None:
        return {}
    return {"Content-Type": wanted.content_type or JSON}


def _versioned(content_type: str | None) -> str | None:
    """Return a media type such as application/vnd.spCampaign.v3+json, None for any other."""
    media_type = (content_type or "").partition(";")[0].strip()
    return media_type if "/vnd." in media_type else None
