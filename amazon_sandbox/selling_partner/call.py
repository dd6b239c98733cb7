"""A call to an operation, as its story sees it: who calls, for which store, with what."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from amazon_sandbox.business import RestrictedResource
from amazon_sandbox.http_messages import JSON, Answer, Request
from amazon_sandbox.known_answers import Refused, known
from amazon_sandbox.marketplaces import sites_of
from amazon_sandbox.records import Grant
from amazon_sandbox.selling_partner.parameters import Parameters
from amazon_sandbox.selling_partner.published import Operation
from amazon_sandbox.selling_partner.refusals import invalid
from amazon_sandbox.world import World


@dataclass(frozen=True)
class Call:
    """One call that the token allows; `path` are the path's parameters, decoded.

    `restricted` is what the restricted data token allows that the call came with, None for another token.
    """

    operation: Operation
    path: dict[str, str]
    request: Request
    grant: Grant
    world: World
    region: str
    restricted: RestrictedResource | None = None

    @property
    def seller_id(self) -> str:
        """Whose store is meant; "" for a grantless call."""
        return self.grant.seller_id or ""

    @property
    def store(self) -> tuple[str, str]:
        """The store as records name it: seller id and region."""
        return self.seller_id, self.region

    def parameters(self, token_name: str | None = None) -> Parameters:
        """Return the query; `token_name` is the parameter that brings a page's token. Raise Refused."""
        return Parameters(self.request.query, self.world.clock.now(), token_name)

    def body(self) -> dict[str, Any]:
        """Return the request's body as a JSON object. Raise Refused."""
        if self.request.content_type != JSON:
            raise invalid("The content type must be application/json.")
        try:
            document = json.loads(self.request.body)
        except ValueError:
            raise invalid("The request body is not valid JSON.") from None
        if not isinstance(document, dict):
            raise invalid("The request body is not a JSON object.")
        return document

    def sites(self, marketplaces: Collection[str]) -> list[dict[str, Any]]:
        """Return the sites of these marketplace ids. Raise Refused for one of another region."""
        of_region = {site["marketplaceId"]: site for site in sites_of(self.region)}
        if not set(marketplaces) <= set(of_region):
            raise Refused(known("spApi.wrongRegion"))
        return [of_region[each] for each in marketplaces]

    def sees(self, data_element: str) -> bool:
        """Tell whether the call came with a restricted data token for these data of buyers."""
        return self.restricted is not None and data_element in self.restricted.data_elements


Story = Callable[[Call], Answer]


def text_of(document: dict[str, Any], name: str) -> str:
    """Return a text of a body that must be there. Raise Refused."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"{name} is missing.")
    return value


def texts_of(document: dict[str, Any], name: str) -> list[str]:
    """Return a list of texts of a body that must not be empty. Raise Refused."""
    value = document.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise invalid(f"{name} is missing.")
    return value
