"""A regional host of the Selling Partner API: who calls, whether the token allows it, and the usage plans.

A bad token gets 403, and `details` tells why (references/amazon.md, "SP-API calls"). What an operation does
is its story; a published operation without one is answered with 501.
"""

from dataclasses import dataclass, replace
from typing import Any

from amazon_sandbox.business import RestrictedResource
from amazon_sandbox.http_messages import Answer, Caller, Request, compressed
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.quota import Quota
from amazon_sandbox.records import App, Grant
from amazon_sandbox.selling_partner import published
from amazon_sandbox.selling_partner.call import Call
from amazon_sandbox.selling_partner.permissions import allows, covers
from amazon_sandbox.selling_partner.published import Operation
from amazon_sandbox.selling_partner.refusals import invalid
from amazon_sandbox.selling_partner.stories import STORIES
from amazon_sandbox.token_endpoint import PATH as TOKEN_PATH
from amazon_sandbox.tokens import RESTRICTED
from amazon_sandbox.world import World

PARTICIPATIONS = "sellers.getMarketplaceParticipations"


@dataclass(frozen=True)
class _Plan:
    rate: float
    burst: float


class SellingPartnerApi:
    """One regional host."""

    def __init__(self, world: World, region: str, quota: Quota) -> None:
        self._world = world
        self._region = region
        self._quota = quota

    def identify(self, request: Request) -> Caller:
        """Tell whose access token is presented."""
        token = request.headers.get("x-amz-access-token", "")
        grant = self._world.grant_of(token) if token else None
        return Caller(
            client_id=grant.client_id if grant else None,
            seller_id=grant.seller_id if grant else None,
            region=self._region,
            grant_id=grant.grant_id if grant else None,
            token=token or None,
        )

    def answer(self, request: Request, caller: Caller, change: Any) -> Answer:
        """Carry out an operation, or say why it is refused."""
        if request.path == TOKEN_PATH:
            return known("spApi.tokenRequestAtWrongHost")
        found = published.find(request.method, request.path)
        if found is None:
            return known("spApi.roleMissing")
        if not request.headers.get("user-agent"):
            return known("spApi.userAgentMissing")
        if not caller.token:
            return known("spApi.tokenMissing")
        operation, path = found
        try:
            app, grant = self._authenticate(caller.token)
            if not allows(operation, app, grant):
                return known("spApi.roleMissing")
            restricted = self._restricted(caller.token, operation, path)
        except Refused as refused:
            return refused.answer
        return self._carry_out(Call(operation, path, request, grant, self._world, self._region, restricted))

    def _authenticate(self, token: str) -> tuple[App, Grant]:
        """Return the app and the grant that an access token stands for. Raise Refused."""
        presented = self._world.read_access_token(token)
        app = self._world.app_by_client(presented.grant.client_id) if presented else None
        if presented is None or app is None or app.flow != "spapi":
            raise Refused(known("spApi.tokenRevoked"))
        if app.secret_expired:
            raise Refused(known("spApi.secretExpired"))
        if presented.expired:
            raise Refused(known("spApi.tokenExpired"))
        if presented.grant.region not in (None, self._region):
            raise Refused(known("spApi.wrongRegion"))
        return app, presented.grant

    def _restricted(
        self, token: str, operation: Operation, path: dict[str, str]
    ) -> RestrictedResource | None:
        """Return what a restricted data token says of this call, None for another token. Raise Refused."""
        if not token.startswith(RESTRICTED):
            return None
        for resource in self._world.business.restricted(token):
            if covers(resource, operation, path):
                return resource
        raise Refused(known("spApi.roleMissing"))

    def _carry_out(self, call: Call) -> Answer:
        operation, plan = call.operation, self._plan(call.operation)
        story = STORIES.get(operation.key)
        if story is None:
            return known("spApi.withoutStory", operation=operation.name, api=operation.api)
        whose = call.grant.seller_id or ""
        key = f"{operation.key}|{call.grant.client_id}|{whose}|{self._region}"
        if plan and not self._quota.take(key, plan.rate, plan.burst):
            return known("spApi.throttled")
        try:
            for name in operation.required:
                if not call.request.parameters.get(name, "").strip(", "):
                    raise invalid(f"{name} is missing.")
            answer = compressed(story(call), call.request)
        except Refused as refused:
            answer = refused.answer
        # Amazon names the rate only on good answers and on 400 and 404, not on a 429 (usage plans [doc]).
        if plan and (answer.status < 300 or answer.status in (400, 404)):
            headers = {**answer.headers, "x-amzn-RateLimit-Limit": str(plan.rate)}
            return replace(answer, headers=headers)
        return answer

    def _plan(self, operation: Operation) -> _Plan | None:
        """Return the usage plan of an operation: the published one, or for one the settings'."""
        if operation.key == PARTICIPATIONS:
            quota = self._world.settings.participations_quota
            return _Plan(quota["rate"], quota["burst"]) if quota else None
        if operation.rate is None or operation.burst is None:
            return None
        return _Plan(operation.rate, operation.burst)
