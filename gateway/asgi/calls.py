"""One call of the JSON API: whose it is, which store or account it means, and how errors are answered."""

import json
from dataclasses import dataclass
from typing import Any, Self

from starlette.responses import Response
from starlette.types import Scope

from gateway.asgi.failed_keys import source_of
from gateway.asgi.request_context import header_values
from gateway.asgi.services import Services, services_in
from gateway.errors import Problem
from gateway.model import Caller, Grant, Region, Right
from gateway.vault import audit

JSON_TYPE = "application/json"


def presented_key(scope: Scope) -> str:
    """Return the API key of a request's Authorization header; a leading `Bearer ` is taken off."""
    values = header_values(scope, b"authorization")
    value = values[0].strip() if values else ""
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value


def refused_key(scope: Scope) -> Problem:
    """Return what to tell somebody whose key is not valid: that, or after too many of them to wait."""
    client = scope.get("client")
    source = source_of(client[0] if client else None)
    audit.unidentified(source)
    wait = services_in(scope).failed_keys.failed(source)
    if wait is None:
        return Problem("unauthorized")
    return Problem("too_many_failures", retry_after=wait)


def check_rights(caller: Caller, rights: tuple[Right, ...]) -> None:
    """Raise Problem key_lacks_right unless the key has one of `rights`."""
    if caller.rights.isdisjoint(rights):
        needed = {"neededRights": list(rights), "keyId": caller.key_id}
        raise Problem("key_lacks_right", f"it needs the right {' or '.join(rights)}", extra=needed)


def json_answer(document: dict[str, Any], *, sandbox: bool, status: int = 200) -> Response:
    """Answer a document; in a sandbox it says so."""
    if sandbox:
        document["sandbox"] = True
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, media_type=JSON_TYPE)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call whose API key is valid and has the right that it needs."""

    services: Services
    caller: Caller

    @classmethod
    async def begin(cls, scope: Scope, rights: tuple[Right, ...]) -> Self:
        """Check a request's API key, then its rights: one of them is enough. Raise Problem."""
        services = services_in(scope)
        caller = await services.vault.reader.caller(presented_key(scope))
        if caller is None:
            raise refused_key(scope)
        audit.identified(caller)
        check_rights(caller, rights)
        return cls(services, caller)

    async def store(self, seller_id: str, region: Region | None) -> Grant:
        """Return the caller's store that is meant; see Holdings.store."""
        return await self.services.holdings.store(self.caller, seller_id, region)

    async def account(self, record_id: int | None, profile_id: int | None = None) -> Grant:
        """Return the caller's ads account that is meant; see Holdings.account."""
        return await self.services.holdings.account(self.caller, record_id, profile_id)
