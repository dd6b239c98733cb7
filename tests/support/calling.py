"""What the tests of the developer proxy ask for."""

from typing import Any

from tests.support.gateway_server import Amazon, Gateway

SELLER = "A1SANDBOXNA001"
US = "ATVPDKIKX0DER"
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
SP_HOST = "sellingpartnerapi-na.amazon.com"
CAMPAIGN = "application/vnd.spCampaign.v3+json"


def store_call(**changes: Any) -> dict[str, Any]:
    """A call for the store by its seller id; a field given as None is left out."""
    body = {"region": "NA", "sellerId": SELLER, "path": PARTICIPATIONS, "method": "GET", **changes}
    return {name: value for name, value in body.items() if value is not None}


def store_token(gateway: Gateway, user: str = "owner") -> str:
    """The access token that the user is handed for the store."""
    return gateway.good("/spApi/storeTokens", {"sellerId": SELLER, "region": "NA"}, user=user)["accessToken"]


def call_store(gateway: Gateway, user: str = "owner", **changes: Any) -> dict[str, Any]:
    """Call the SP-API; the gateway has to pass Amazon's answer on."""
    return passed_on(gateway, "/spApi/developerProxy", store_call(**changes), user)


def profile_of(gateway: Gateway, country: str = "US", user: str = "owner") -> int:
    """The number of the user's profile for a site."""
    profiles = gateway.good("/amazonAds/profiles", user=user)["profiles"]
    return next(profile["profileId"] for profile in profiles if profile["countryCode"] == country)


def ads_call(profile_id: int | None, **changes: Any) -> dict[str, Any]:
    """A call for a list of campaigns; a field given as None is left out."""
    body = {
        "region": "NA",
        "profileId": profile_id,
        "path": "/sp/campaigns/list",
        "method": "POST",
        "body": "{}",
        "contentType": CAMPAIGN,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def passed_on(gateway: Gateway, path: str, body: dict[str, Any], user: str = "owner") -> dict[str, Any]:
    """Post to a proxy path and return the answer, which has to have the fields of the contract."""
    document = gateway.good(path, body, user=user)
    assert document["errcode"] == 200
    assert document["errmsg"] == ""
    assert isinstance(document["httpStatus"], int)
    assert isinstance(document["contentType"], str)
    assert isinstance(document["body"], str)
    assert {"requestId", "rateLimit", "retryAfter"} <= document.keys()
    return document


def forwarded(amazon: Amazon) -> list[dict[str, Any]]:
    """What reached the APIs, without the token endpoint and the checks after an authorization."""
    return [call for call in amazon.calls() if "api." not in call["host"] or "advertising" in call["host"]]
