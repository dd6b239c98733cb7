"""The Amazon Ads API: `GET /v2/profiles` (references/amazon.md), and campaigns, which are for one profile."""

from typing import Any

from amazon_sandbox.advertising import sponsored_products as campaigns
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import site_for_ads
from amazon_sandbox.records import Profile
from amazon_sandbox.world import World

PROFILES = "/v2/profiles"
MOST_PROFILES = 5000


class AdsApi:
    """One regional host, which knows only the profiles of its region."""

    def __init__(self, world: World, region: str) -> None:
        self._world = world
        self._region = region

    def identify(self, request: Request) -> Caller:
        """Tell whose access token is presented."""
        token = _bearer(request)
        grant = self._world.grant_of(token) if token else None
        return Caller(
            client_id=request.headers.get("amazon-advertising-api-clientid"),
            advertiser_id=grant.advertiser_id if grant else None,
            region=self._region,
            grant_id=grant.grant_id if grant else None,
            token=token or None,
        )

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Answer the caller's profiles of this region, or a profile's campaigns."""
        if (request.method, request.path) != ("GET", PROFILES) and not campaigns.knows(request):
            return known("adsApi.unknownPath", url=f"https://{request.host}{request.path}")
        presented = self._world.read_access_token(caller.token) if caller.token else None
        if presented is None or presented.expired or presented.grant.advertiser_id is None:
            return known("adsApi.authenticationFailed")
        if presented.grant.client_id != caller.client_id:
            return known("adsApi.authenticationFailed")
        advertiser = self._world.advertisers.get(presented.grant.advertiser_id)
        if campaigns.knows(request):
            return self._campaigns(request, advertiser.profiles if advertiser else [])
        profiles = [self._listed(profile) for profile in advertiser.profiles] if advertiser else []
        return known("adsApi.ok", [profile for profile in profiles if profile][:MOST_PROFILES])

    def _campaigns(self, request: Request, profiles: list[Profile]) -> Answer:
        scope = request.headers.get("amazon-advertising-api-scope")
        if not scope:
            return known("adsApi.scopeMissing")
        profile = next((each for each in profiles if str(each.profile_id) == scope), None)
        if profile is None:
            return known("adsApi.scopeRefused", scope=scope)
        if self._listed(profile) is None:
            return known("adsApi.noAdvertiser", scope=scope)
        return campaigns.answer(request, profile)

    def _listed(self, profile: Profile) -> dict[str, Any] | None:
        """Return a profile as the API lists it, None for one of another region."""
        site = site_for_ads(profile.country_code)
        if site is None or site["adsRegion"] != self._region:
            return None
        account = {
            "marketplaceStringId": site["marketplaceId"],
            "id": profile.account_id,
            "type": profile.account_type,
            "name": profile.account_name,
            **({"subType": profile.sub_type} if profile.sub_type else {}),
            "validPaymentMethod": True,
        }
        budget = {} if profile.account_type == "vendor" else {"dailyBudget": 999999999.0}
        return {
            "profileId": profile.profile_id,
            "countryCode": profile.country_code,
            "currencyCode": site["currency"],
            **budget,
            "timezone": site["adsTimezone"],
            "accountInfo": account,
        }


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
