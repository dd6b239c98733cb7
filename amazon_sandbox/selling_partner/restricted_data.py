"""The Tokens API: a restricted data token opens the data of buyers at the paths that it was asked for.

https://developer-docs.amazon.com/sp-api/docs/tokens-api-v2021-03-01-reference
"""

from typing import Any

from amazon_sandbox.business import RestrictedResource
from amazon_sandbox.http_messages import Answer
from amazon_sandbox.known_answers import known
from amazon_sandbox.selling_partner import published
from amazon_sandbox.selling_partner.call import Call, Story, text_of, texts_of
from amazon_sandbox.selling_partner.refusals import invalid

MOST_RESOURCES = 50
DATA_ELEMENTS = ("buyerInfo", "shippingAddress", "buyerTaxInformation")
# Operations that answer without data of buyers too, so that the token has to name which of them it is for.
WITH_DATA_ELEMENTS = ("ordersV0.getOrders", "ordersV0.getOrder", "ordersV0.getOrderItems")


def _create(call: Call) -> Answer:
    """Return a token for an hour."""
    given = call.body().get("restrictedResources")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_RESOURCES:
        raise invalid(f"restrictedResources must hold 1 to {MOST_RESOURCES} resources.")
    resources = [_resource(each) for each in given]
    token = call.world.make_restricted_token(call.grant)
    call.world.business.restrict(token, resources)
    seconds = int(call.world.settings.access_token_seconds)
    return known("spApi.ok", {"restrictedDataToken": token, "expiresIn": seconds})


def _resource(given: Any) -> RestrictedResource:
    if not isinstance(given, dict):
        raise invalid("A restricted resource is an object with method and path.")
    method, path = text_of(given, "method"), text_of(given, "path")
    found = published.find(method, path)
    if found is None:
        raise invalid(f"{method} {path} is not an operation.")
    elements = texts_of(given, "dataElements") if given.get("dataElements") else []
    if not set(elements) <= set(DATA_ELEMENTS):
        raise invalid(f"dataElements takes {', '.join(DATA_ELEMENTS)}.")
    if found[0].key in WITH_DATA_ELEMENTS and not elements:
        raise invalid(f"dataElements is missing for {path}.")
    return RestrictedResource(method, path, tuple(elements))


STORIES: dict[str, Story] = {"tokens_2021-03-01.createRestrictedDataToken": _create}
