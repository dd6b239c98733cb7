"""Profiles, version 2: those of an advertiser in the host's region (references/amazon.md, "Amazon Ads")."""

from typing import Any

from amazon_sandbox.advertising.call import Call, Story
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import Refused
from amazon_sandbox.marketplaces import site_for_ads
from amazon_sandbox.records import Profile

MOST_PROFILES = 5000
TYPES = ("seller", "vendor", "agency")


def _list(call: Call) -> Answer:
    wanted = [word for word in call.request.parameters.get("profileTypeFilter", "").split(",") if word]
    if not set(wanted) <= set(TYPES):
        raise call.invalid(f"profileTypeFilter holds a type that is not known; it takes {', '.join(TYPES)}.")
    found = [each for each in call.profiles_here if not wanted or each.account_type in wanted]
    return call.operation.answer("ok", [_described(each) for each in found[:MOST_PROFILES]])


def _one(call: Call) -> Answer:
    number = call.path["profileId"]
    profile = next((each for each in call.profiles_here if str(each.profile_id) == number), None)
    if profile is None:
        raise Refused(call.operation.answer("notFound", what=f"profile {number}"))
    return call.operation.answer("ok", _described(profile))


def _described(profile: Profile) -> dict[str, Any]:
    site = site_for_ads(profile.country_code)
    assert site is not None  # the control path takes no other profiles
    is_vendor = profile.account_type == "vendor"
    account = {
        "marketplaceStringId": site["marketplaceId"],
        "id": profile.account_id,
        "type": profile.account_type,
        "name": profile.account_name,
        **({"subType": profile.sub_type} if profile.sub_type else {}),
        **({"validPaymentMethod": True} if is_vendor else {}),
    }
    return {
        "profileId": profile.profile_id,
        "countryCode": profile.country_code,
        "currencyCode": site["currency"],
        **({} if is_vendor else {"dailyBudget": 999999999.0}),
        "timezone": site["adsTimezone"],
        "accountInfo": account,
    }


STORIES: dict[str, Story] = {"GET /v2/profiles": _list, "GET /v2/profiles/{profileId}": _one}
