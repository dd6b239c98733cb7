"""One call of the JSON API: whose it is, what its body says, and how it is answered."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from fastapi import Request, Response

from gateway.api.fields import Fields
from gateway.asgi.failed_keys import source_of
from gateway.asgi.services import Services, services_of
from gateway.errors import Problem
from gateway.model import Caller, Right
from gateway.vault import audit

JSON_TYPE = "application/json"


def presented_key(request: Request) -> str:
    """Return the API key of the Authorization header; a leading `Bearer ` is taken off."""
    value = request.headers.get("authorization", "").strip()
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value


async def read_fields(request: Request) -> Fields:
    """Read the body as one JSON object, whatever the Content-Type says; nothing at all counts as `{}`."""
    return parse_fields(await request.body())


def parse_fields(body: bytes | str) -> Fields:
    """Return the fields of a body that has arrived. Raises Problem bad_parameter."""
    if not body:
        return Fields({})
    try:
        # json.loads would take the bytes of UTF-16 and UTF-32, too. A byte order mark does no harm.
        text = body if isinstance(body, str) else body.decode("utf-8-sig")
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise not_json() from None
    if not isinstance(document, dict):
        raise Problem("bad_parameter", "the body is not a JSON object; expected {…}")
    return Fields(document)


def not_json() -> Problem:
    """Return what to tell about a body that cannot be read."""
    return Problem("bad_parameter", "the body is not JSON in UTF-8; expected one JSON object")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


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
    """An authenticated call with its body."""

    services: Services
    caller: Caller
    fields: Fields

    @classmethod
    async def begin(
        cls,
        request: Request,
        *rights: Right,
        read: Callable[[Request], Awaitable[Fields]] = read_fields,
    ) -> Self:
        """Check the API key, then its rights (one of them is enough), then read the body. Raises Problem."""
        services = services_of(request)
        caller = await services.threads.vault(services.vault.users.authenticate, presented_key(request))
        if caller is None:
            raise refused_key(request)
        audit.identified(caller)
        check_rights(caller, rights)
        fields = await read(request)
        audit.concerns(fields.subject())
        return cls(services, caller, fields)

    def answer(self, document: dict[str, Any]) -> Response:
        """Answer 200 with a document."""
        return json_answer(document, sandbox=self.services.settings.sandbox)
