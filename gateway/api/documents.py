"""How what the vault holds looks in the JSON API: the contract's field names, in one place."""

from collections.abc import Sequence
from typing import Any

from gateway.authorization.scopes import missing_scopes
from gateway.model import Grant, Profile
from gateway.tokens.grant_tokens import GrantTokens, seconds_left
from gateway.util.clock import rfc3339


def grant_state(grant: Grant) -> dict[str, Any]:
    """Return what every listed store and account carries: how its authorization stands."""
    document: dict[str, Any] = {
        "authRecordId": grant.id,
        "status": grant.status,
        "authorizedAt": rfc3339(grant.authorized_at),
        "authorizationExpiresAt": rfc3339(grant.authorization_expires_at),
        "requestedScopes": list(grant.requested_scopes),
        "grantedScopes": None if grant.granted_scopes is None else list(grant.granted_scopes),
    }
    missing = missing_scopes(grant.requested_scopes, grant.granted_scopes)
    if missing is not None:
        document["missingScopes"] = missing
    if grant.status_reason is not None:
        document["statusReason"] = grant.status_reason
    return document


def store(grant: Grant) -> dict[str, Any]:
    """Return one listed store. `verified`: whether Amazon answered for it; null where that is not known."""
    return {
        "sellerId": grant.seller_id,
        "sellerName": grant.name,
        "region": grant.region,
        **grant_state(grant),
        "verified": grant.verified,
    }


def store_candidate(grant: Grant) -> dict[str, Any]:
    """Return what a person needs to choose among stores."""
    return {"sellerId": grant.seller_id, "sellerName": grant.name, "region": grant.region}


def account(grant: Grant) -> dict[str, Any]:
    """Return one ads authorization without its profiles."""
    return {"accountName": grant.name, "region": grant.region, **grant_state(grant)}


def account_profile(profile: Profile, grants: Sequence[Grant]) -> dict[str, Any]:
    """Return one listed account and site. `grants`: those that cover it, the newest healthy one first."""
    return {
        "profileId": profile.profile_id,
        "accountInfoId": profile.account_info_id,
        "accountInfoName": profile.account_info_name,
        "accountType": profile.account_info_type,
        "countryCode": profile.country_code,
        "marketplaceStringId": profile.marketplace_id,
        "region": profile.region,
        "accountName": grants[0].name,
        "accountNames": [grant.name for grant in grants],
        "authRecordIds": [grant.id for grant in grants],
        **grant_state(grants[0]),
    }


def advertising_profile(profile: Profile, grants: Sequence[Grant]) -> dict[str, Any]:
    """Return one profile as `/amazonAds/profiles` lists it."""
    return {
        "profileId": profile.profile_id,
        "region": profile.region,
        "countryCode": profile.country_code,
        "currencyCode": profile.currency_code,
        "dailyBudget": profile.daily_budget,
        "timezone": profile.timezone,
        "accountInfoId": profile.account_info_id,
        "accountInfoType": profile.account_info_type,
        "accountInfoName": profile.account_info_name,
        "marketplaceStringId": profile.marketplace_id,
        "authRecordId": grants[0].id,
        "accountName": grants[0].name,
        "accountNames": [grant.name for grant in grants],
        "status": grants[0].status,
    }


def tokens(held: GrantTokens, now: float) -> dict[str, Any]:
    """Return a grant's tokens, revealed: for their owner. `now`: epoch seconds."""
    document = {
        "authRecordId": held.grant.id,
        "accessToken": held.tokens.access_token.reveal(),
        "refreshToken": held.tokens.refresh_token.reveal(),
        "tokenType": held.tokens.token_type,
        "expiresIn": max(0, int(seconds_left(held.grant, held.tokens, now))),
        "expiresAt": rfc3339(held.tokens.expires_at),
    }
    if held.below_minimum:
        document["freshness"] = "below_minimum"
    return document
