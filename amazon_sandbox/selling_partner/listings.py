"""The Listings Items API: a few items a store has from the start, and whatever is put there."""

import secrets
from typing import Any
from urllib.parse import unquote

from amazon_sandbox.http_messages import Answer, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.marketplaces import sites_of
from amazon_sandbox.records import Grant
from amazon_sandbox.selling_partner.operations import Operation, Refused, invalid, json_object, missing
from amazon_sandbox.world import World

ITEMS = "/listings/2021-08-01/items/"
FIRST_SKUS = tuple(f"SANDBOX-SKU-{number}" for number in range(1, 6))


class Listings:
    """The items of every store of a region; they live until a reset."""

    def __init__(self, world: World, region: str) -> None:
        self._world = world
        self._region = region
        self._marketplaces = {site["marketplaceId"] for site in sites_of(region)}

    def find(self, request: Request) -> Operation | None:
        """Return the operation that a request is for, None where it is none of these."""
        actions = {"GET": self._read, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}
        rest = request.path.removeprefix(ITEMS)
        if rest == request.path or rest.count("/") != 1 or request.method not in actions:
            return None
        return Operation(f"{request.method.lower()}ListingsItem", 5, 10, actions[request.method])

    def _key(self, request: Request, grant: Grant) -> tuple[str, str, str]:
        """Return whose item is meant. Raise Refused for another seller's."""
        seller_id, _, sku = request.path.removeprefix(ITEMS).partition("/")
        if seller_id != grant.seller_id:
            raise Refused(known("spApi.roleMissing"))
        marketplaces = request.parameters.get("marketplaceIds", "")
        if not marketplaces:
            raise invalid("marketplaceIds is missing.")
        if not set(marketplaces.split(",")) <= self._marketplaces:
            raise Refused(known("spApi.wrongRegion"))
        return seller_id, self._region, unquote(sku)

    def _attributes(self, key: tuple[str, str, str]) -> dict[str, Any] | None:
        if key in self._world.listings:
            return self._world.listings[key]
        return {"item_name": [{"value": f"Sandbox item {key[2]}"}]} if key[2] in FIRST_SKUS else None

    def _read(self, request: Request, grant: Grant) -> Answer:
        key = self._key(request, grant)
        attributes = self._attributes(key)
        if attributes is None:
            raise missing(f"SKU '{key[2]}' not found.")
        return known("spApi.ok", {"sku": key[2], "attributes": attributes, "issues": []})

    def _put(self, request: Request, grant: Grant) -> Answer:
        key = self._key(request, grant)
        given = json_object(request)
        attributes = given.get("attributes")
        if not isinstance(given.get("productType"), str) or not isinstance(attributes, dict):
            raise invalid("productType and attributes are needed.")
        self._world.change(lambda: self._world.listings.update({key: attributes}))
        return _accepted(key)

    def _patch(self, request: Request, grant: Grant) -> Answer:
        key = self._key(request, grant)
        patches = json_object(request).get("patches")
        attributes = self._attributes(key)
        if attributes is None:
            raise missing(f"SKU '{key[2]}' not found.")
        if not isinstance(patches, list) or not all(isinstance(each, dict) for each in patches):
            raise invalid("patches is needed.")
        changed = dict(attributes)
        for patch in patches:
            changed[str(patch.get("path", "")).removeprefix("/attributes/")] = patch.get("value")
        self._world.change(lambda: self._world.listings.update({key: changed}))
        return _accepted(key)

    def _delete(self, request: Request, grant: Grant) -> Answer:
        key = self._key(request, grant)
        self._world.change(lambda: self._world.listings.update({key: None}))
        return _accepted(key)


def _accepted(key: tuple[str, str, str]) -> Answer:
    document = {"sku": key[2], "status": "ACCEPTED", "submissionId": secrets.token_hex(16), "issues": []}
    return known("spApi.ok", document)
