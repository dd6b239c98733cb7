"""Sponsored Products campaigns, version 3: 25 a profile, listed in pages (`nextToken`), and new ones."""

import base64
import json
import secrets
from typing import Any

from amazon_sandbox.http_messages import Answer, Request, compressed
from amazon_sandbox.known_answers import known
from amazon_sandbox.records import Profile

LIST = "/sp/campaigns/list"
CREATE = "/sp/campaigns"
MEDIA_TYPE = "application/vnd.spCampaign.v3+json"
HOW_MANY = 25
LARGEST_PAGE = 100
_STATES = ("ENABLED", "PAUSED", "ARCHIVED")


def knows(request: Request) -> bool:
    """Tell whether a request is for campaigns."""
    return request.method == "POST" and request.path in (LIST, CREATE)


def answer(request: Request, profile: Profile) -> Answer:
    """List a profile's campaigns, or pretend to make new ones."""
    accepted = request.headers.get("accept", "").lower()  # in any case, as media types are
    if not request.content_type == accepted == MEDIA_TYPE.lower():
        return known("adsApi.wrongMediaType")
    try:
        given = json.loads(request.body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return known("adsApi.invalidRequest", why="The request body is not a JSON object")
    if request.path == CREATE:
        return _create(given)
    return compressed(_list(given, profile), request)


def _list(given: dict[str, Any], profile: Profile) -> Answer:
    size, start = given.get("maxResults", LARGEST_PAGE), _read_token(given.get("nextToken"))
    if not isinstance(size, int) or not 1 <= size <= LARGEST_PAGE or start is None:
        return known("adsApi.invalidRequest", why="maxResults or nextToken is not valid")
    states = (given.get("stateFilter") or {}).get("include") or _STATES
    everything = [_campaign(profile, number) for number in range(HOW_MANY)]
    matching = [campaign for campaign in everything if campaign["state"] in states]
    document: dict[str, Any] = {
        "campaigns": matching[start : start + size],
        "totalResults": len(matching),
    }
    if start + size < len(matching):
        document["nextToken"] = _token(start + size)
    return known("adsApi.campaigns", document)


def _create(given: dict[str, Any]) -> Answer:
    campaigns = given.get("campaigns")
    if not isinstance(campaigns, list):
        return known("adsApi.invalidRequest", why="campaigns is missing")
    made = [
        {"index": index, "campaignId": str(10**14 + secrets.randbelow(10**14))}
        for index, _ in enumerate(campaigns)
    ]
    return known("adsApi.campaignsMade", {"campaigns": {"success": made, "error": []}})


def _campaign(profile: Profile, number: int) -> dict[str, Any]:
    return {
        "campaignId": str(profile.profile_id % 10**9 * 1000 + number),
        "name": f"Sandbox campaign {number + 1} ({profile.country_code}) ☕",
        "state": _STATES[0] if number % 5 else _STATES[1],
        "targetingType": "MANUAL" if number % 2 else "AUTO",
        "startDate": "2026-01-01",
        "budget": {"budgetType": "DAILY", "budget": 10.0 + number},
        "dynamicBidding": {"strategy": "LEGACY_FOR_SALES", "placementBidding": []},
    }


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"campaigns from {start}".encode()).decode()


def _read_token(token: Any) -> int | None:
    """Return where a page begins, None for what is no token of ours."""
    if token is None:
        return 0
    try:
        prefix, _, start = base64.urlsafe_b64decode(str(token)).decode().rpartition(" ")
    except ValueError:
        return None
    return int(start) if prefix == "campaigns from" and start.isdigit() else None
