"""One call of the JSON API: whose it is, which store or account it means, and how errors are answered."""

import json
from dataclasses import dataclass
from typing import Any, Self

from starlette.requests import Request
from starlette.responses import Response

from gateway.asgi.failed_keys import source_of
from gateway.asgi.services import Services, services_of
from gateway.errors import Problem
from gateway.model import Caller, Grant, Region, Right
from gateway.vault import audit

JSON_TYPE = "application/json"


def presented_key(request: Request) -> str:
    """Return the API key of the Authorization header; a leading `Bearer ` is taken off."""
    value = request.headers.get("authorization", "").strip()
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value


def refused_key(request: Request) -> Problem:
    """Return what to tell somebody whose key is not valid: that, or after too many of them to wait."""
    source = source_of(request.client.host if request.client else None)
    wait = services_of(request).failed_keys.failed(source)
    if wait is None:
        audit.unidentified(source)
        return Problem("unauthorized")
    return Problem("too_many_failures", extra={"retryAfter": wait}, headers={"Retry-After": str(wait)})


def check_rights(caller: Caller, rights: tuple[Right, ...]) -> None:
    """Raise Problem key_lacks_right unless the key has one of `rights`."""
    if caller.rights.isdisjoint(rights):
        raise Problem("key_lacks_right", f"it needs the right {' or '.join(rights)}")


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
    async def begin(cls, request: Request, rights: tuple[Right, ...]) -> Self:
        """Check the API key, then its rights: one of them is enough. Raise Problem."""
        services = services_of(request)
        caller = await services.vault.reader.caller(presented_key(request))
        if caller is None:
            raise refused_key(request)
        audit.identified(caller)
        check_rights(caller, rights)
        return cls(services, caller)

    async def store(self, seller_id: str, region: Region | None) -> Grant:
        """Return the caller's store that is meant; see Holdings.store."""
        return await self.services.holdings.store(self.caller, seller_id, region)

    async def account(self, record_id: int | None, profile_id: int | None = None) -> Grant:
        """Return the caller's ads account that is meant; see Holdings.account."""
        return await self.services.holdings.account(self.caller, record_id, profile_id)
