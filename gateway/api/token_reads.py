"""`storeTokens`: the call that every request of every downstream skill begins with, so it is kept short.

One statement checks the API key and brings the tokens, without a change of threads. Only a token that has to
be refreshed takes longer.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request

from gateway.api.fields import Fields
from gateway.api.renewals import with_consent_link
from gateway.asgi.calls import check_rights, presented_key, read_fields, refused_key
from gateway.asgi.services import Services, services_of
from gateway.errors import Problem
from gateway.model import TokenRead
from gateway.tokens.grant_tokens import GrantTokens, revoked, seconds_left
from gateway.vault import audit
from gateway.vault.token_reader import TokenReader

# Reads with the API key that was presented; made of a request's fields.
Look = Callable[[str], Awaitable[TokenRead | None]]


async def read_tokens(
    request: Request, choose: Callable[[TokenReader, Fields], Look]
) -> tuple[Services, GrantTokens]:
    """Return the tokens of the grant that the body names, as fresh as `minTtl` asks. Raises Problem."""
    services = services_of(request)
    reader = services.vault.reader
    key = presented_key(request)
    try:
        fields = await read_fields(request)
        look = choose(reader, fields)
        min_ttl = fields.min_ttl()
    except Problem:
        # Who has no valid key learns nothing else.
        caller = await services.threads.vault(services.vault.users.authenticate, key)
        if caller is None:
            raise refused_key(request) from None
        audit.identified(caller)
        raise
    read = await look(key)
    if read is None:
        raise refused_key(request)
    audit.identified(read.caller)
    audit.concerns(fields.subject())
    check_rights(read.caller, ("tokens",))
    if read.grant is None or read.tokens is None:
        raise Problem("not_found")
    if read.grant.status == "needs_reauthorization":
        raise await with_consent_link(services, read.caller, read.grant, revoked(read.grant))
    left = seconds_left(read.grant, read.tokens, services.clock.now())
    if min_ttl is None or left >= max(min_ttl, 1):
        return services, GrantTokens(read.grant, read.tokens)
    try:
        return services, await services.tokens.fresh(read.grant.id, min_ttl)
    except Problem as problem:
        raise await with_consent_link(services, read.caller, read.grant, problem) from None
