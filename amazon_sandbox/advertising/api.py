"""A regional host of the Ads API, which knows only the profiles of its region: who calls, and the operation.

What an operation does is its story; a published operation without one is answered with 501.
"""

from dataclasses import replace
from typing import Any

from amazon_sandbox.advertising import published
from amazon_sandbox.advertising.call import Call
from amazon_sandbox.advertising.stories import STORIES
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.records import Profile
from amazon_sandbox.world import World


class AdsApi:
    """One regional host."""

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
        """Carry out an operation, or say why it is refused."""
        found = published.find(request.method, request.path)
        if found is None:
            return known("adsApi.unknownPath", url=f"https://{request.host}{request.path}")
        operation, path = found
        profiles = self._profiles(caller)
        if profiles is None:
            return operation.answer("authenticationFailed")
        story = STORIES.get(operation.key)
        if story is None:
            return operation.answer("withoutStory", operation=operation.key)
        try:
            answer = story(Call(operation, path, request, profiles, self._world, self._region))
        except Refused as refused:
            return refused.answer
        return replace(answer, headers={**answer.headers, "Content-Type": operation.gives[0]})

    def _profiles(self, caller: Caller) -> list[Profile] | None:
        """Return the profiles of the advertiser whose token it is, None for a token that is no good."""
        presented = self._world.read_access_token(caller.token) if caller.token else None
        if presented is None or presented.expired or presented.grant.client_id != caller.client_id:
            return None
        if presented.grant.advertiser_id is None:
            return None
        advertiser = self._world.advertisers.get(presented.grant.advertiser_id)
        return advertiser.profiles if advertiser else []


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
