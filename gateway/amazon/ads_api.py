"""The Ads API's profiles: what an ads authorization reaches (references/amazon.md).

Each host answers only for its own region, and a token from one region serves all three, so all are asked.
"""

import math
from dataclasses import dataclass
from typing import Any

from gateway.amazon.failures import AmazonFailure, FailureKind
from gateway.amazon.session import AmazonSession
from gateway.model import Profile, Region
from gateway.util.counters import AmazonCall
from gateway.util.secret import Secret
from gateway.util.text import cleaned

HOSTS: dict[Region, str] = {
    "NA": "advertising-api.amazon.com",
    "EU": "advertising-api-eu.amazon.com",
    "FE": "advertising-api-fe.amazon.com",
}
# What other statuses than 200 mean; any that is not here says that the request was not understood.
KINDS: dict[int, FailureKind] = {401: "unauthorized", 403: "forbidden"}
LARGEST_PROFILE_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class RegionProfiles:
    """One region's profiles; `skipped` counts the entries that no profile could be made of."""

    profiles: list[Profile]
    skipped: int


class AdsApi:
    """The Ads API over a session, for one client id."""

    def __init__(self, session: AmazonSession) -> None:
        self._session = session

    def list_profiles(
        self, region: Region, client_id: str, access_token: Secret, grant_id: int
    ) -> RegionProfiles:
        """Return the profiles that a region's host lists, as profiles of `grant_id`. Raise AmazonFailure."""
        answer = self._session.request(
            "GET",
            HOSTS[region],
            "/v2/profiles",
            call=AmazonCall.PROFILES,
            headers={
                "Authorization": f"Bearer {access_token.reveal()}",
                "Amazon-Advertising-API-ClientId": client_id,
            },
        )
        if answer.status == 429:
            raise AmazonFailure(
                "throttled", "the Ads API asks for fewer calls", retry_after=answer.retry_after
            )
        if answer.status >= 500:
            raise AmazonFailure("unavailable", f"the Ads API answered {answer.status}")
        document = answer.json()
        if answer.status != 200:
            detail = cleaned(document.get("details")) if isinstance(document, dict) else ""
            raise AmazonFailure(
                KINDS.get(answer.status, "invalid_request"), detail or f"the Ads API answered {answer.status}"
            )
        if not isinstance(document, list):
            raise AmazonFailure("unusable", "the Ads API's list of profiles is not a list")
        found = [_profile(entry, region, grant_id) for entry in document]
        profiles = {profile.profile_id: profile for profile in found if profile}
        if found and not profiles:
            raise AmazonFailure("unusable", "nothing in the Ads API's list of profiles is one")
        return RegionProfiles(list(profiles.values()), found.count(None))


def _profile(entry: Any, region: Region, grant_id: int) -> Profile | None:
    """Return the profile that an entry describes, or None where its id or country cannot be used."""
    if not isinstance(entry, dict):
        return None
    profile_id = entry.get("profileId")
    country_code = _text(entry.get("countryCode"))
    if not isinstance(profile_id, int) or isinstance(profile_id, bool) or country_code is None:
        return None
    if not 0 < profile_id <= LARGEST_PROFILE_ID:
        return None
    account = entry.get("accountInfo")
    account = account if isinstance(account, dict) else {}
    return Profile(
        grant_id=grant_id,
        profile_id=profile_id,
        region=region,
        country_code=country_code.upper(),
        currency_code=_text(entry.get("currencyCode")),
        daily_budget=_amount(entry.get("dailyBudget")),
        timezone=_text(entry.get("timezone")),
        account_info_id=_text(account.get("id")),
        account_info_type=_text(account.get("type")),
        account_info_name=_text(account.get("name")),
        marketplace_id=_text(account.get("marketplaceStringId")),
    )


def _text(value: object) -> str | None:
    return cleaned(value) or None


def _amount(value: object) -> float | None:
    """Return a budget as a number; vendors have none, and an infinity cannot be passed on as JSON."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:
        return None
    return amount if math.isfinite(amount) else None
