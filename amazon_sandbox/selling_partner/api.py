"""The Selling Partner API: the Sellers API's participations, and the APIs of the modules beside this one.

A bad token gets 403, and `details` tells why (references/amazon.md, "SP-API calls").
"""

from dataclasses import replace
from typing import Any

from amazon_sandbox.http_messages import Answer, Caller, Request, compressed
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import participation, sites_of
from amazon_sandbox.quota import Quota
from amazon_sandbox.records import App, Grant
from amazon_sandbox.selling_partner.listings import Listings
from amazon_sandbox.selling_partner.operations import Operation, Refused
from amazon_sandbox.selling_partner.orders import Orders
from amazon_sandbox.selling_partner.reports import Reports
from amazon_sandbox.token_endpoint import PATH as TOKEN_PATH
from amazon_sandbox.world import World

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"


class SellingPartnerApi:
    """One regional host."""

    def __init__(self, world: World, region: str, quota: Quota) -> None:
        self._world = world
        self._region = region
        self._quota = quota
        self._apis = (Orders(region), Reports(world, region), Listings(world, region))

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
        """Carry out an operation, or say why the token is refused."""
        if request.path == TOKEN_PATH:
            return known("spApi.tokenRequestAtWrongHost")
        asks_participations = (request.method, request.path) == ("GET", PARTICIPATIONS)
        operation = next((found for api in self._apis if (found := api.find(request))), None)
        if not asks_participations and operation is None:
            return known("spApi.roleMissing")
        if not request.headers.get("user-agent"):
            return known("spApi.userAgentMissing")
        if not caller.token:
            return known("spApi.tokenMissing")
        try:
            app, grant = self._authenticate(caller.token)
        except Refused as refused:
            return refused.answer
        if operation is not None:
            return self._carry_out(operation, request, grant)
        if not app.sellers_role:
            return known("spApi.roleMissing")
        return self._participations(grant)

    def _authenticate(self, token: str) -> tuple[App, Grant]:
        """Return the app and the grant that an access token stands for. Raise Refused."""
        presented = self._world.read_access_token(token)
        app = self._world.app_by_client(presented.grant.client_id) if presented else None
        if presented is None or presented.grant.seller_id is None or app is None:
            raise Refused(known("spApi.tokenRevoked"))
        if app.secret_expired:
            raise Refused(known("spApi.secretExpired"))
        if presented.expired:
            raise Refused(known("spApi.tokenExpired"))
        if presented.grant.region != self._region:
            raise Refused(known("spApi.wrongRegion"))
        return app, presented.grant

    def _carry_out(self, operation: Operation, request: Request, grant: Grant) -> Answer:
        key = f"{operation.name}|{grant.client_id}|{grant.seller_id}|{self._region}"
        if not self._quota.take(key, operation.rate, operation.burst):
            return known("spApi.throttled")
        try:
            answer = compressed(operation.carry_out(request, grant), request)
        except Refused as refused:
            answer = refused.answer
        if answer.status in (200, 202, 400, 404):
            limit = {"x-amzn-RateLimit-Limit": str(operation.rate)}
            answer = replace(answer, headers={**answer.headers, **limit})
        return answer

    def _participations(self, grant: Grant) -> Answer:
        quota = self._world.settings.participations_quota
        if quota is None:
            limit = {}
        else:
            # Amazon names the rate only on good answers and on 400 and 404, not on a 429 (usage plans [doc]).
            limit = {"x-amzn-RateLimit-Limit": str(quota["rate"])}
            key = f"{grant.client_id}|{grant.seller_id}|{self._region}"
            if not self._quota.take(key, quota["rate"], quota["burst"]):
                return known("spApi.throttled")
        seller = self._world.seller(grant.seller_id or "", self._region)
        name, countries = (seller.name, seller.countries) if seller else ("", [])
        payload = [
            participation(site, name, site["countryCode"] in countries) for site in sites_of(self._region)
        ]
        answer = known("spApi.ok", {"payload": payload})
        return Answer(answer.status, {**answer.headers, **limit}, answer.body)
