"""Reading tokens: what every request of every downstream skill begins with, so it is kept short.

For `storeTokens` and for what is shaped like Login with Amazon (login_with_amazon.py). One statement checks
the API key and brings the tokens. Only a token that has to be refreshed takes longer.
"""

from dataclasses import dataclass
from typing import Self

from starlette.types import Scope

from gateway.api.refusals import with_consent_link
from gateway.asgi.calls import ApiCall, check_rights, presented_key, refused_key
from gateway.asgi.services import Services, services_in
from gateway.errors import Problem
from gateway.model import Grant, Region, Right, TokenRead
from gateway.tokens.grant_tokens import GrantTokens, revoked
from gateway.util.secret import Secret
from gateway.vault import audit


@dataclass(slots=True)
class TokenCall:
    """A call whose API key is looked up with the tokens that it asks for. `key`: what was presented."""

    scope: Scope
    services: Services
    rights: tuple[Right, ...]
    key: str

    @classmethod
    def begin(cls, scope: Scope, rights: tuple[Right, ...]) -> Self:
        """Take a request, before anything is known about it."""
        return cls(scope, services_in(scope), rights, presented_key(scope))

    async def check_key(self) -> None:
        """Look only whether the API key is valid. Raise Problem where it is not."""
        services = self.services
        caller = await services.vault.reader.caller(self.key)
        if caller is None:
            raise refused_key(self.scope)
        audit.identified(caller)

    async def store(self, seller_id: str, region: Region) -> TokenRead:
        """Return who calls, and that caller's store with its tokens. Raise Problem."""
        known = self._checked(await self.services.vault.reader.by_store(self.key, seller_id, region))
        if known.grant is None:
            raise await self.services.holdings.no_store(known.caller, seller_id)
        return known

    async def account(self, record_id: int | None, profile_id: int | None) -> TokenRead:
        """Return the same of an ads account, by one of the two numbers. Raise Problem."""
        reader = self.services.vault.reader
        if record_id is not None:
            read = await reader.by_record(self.key, "ads", record_id)
        else:
            assert profile_id is not None, "one of the two is given"
            read = await reader.by_profile(self.key, profile_id)
        known = self._checked(read)
        if known.grant is None:
            raise Problem("not_found")
        return known

    def _checked(self, read: TokenRead | None) -> TokenRead:
        """Return what was read where the key is one that may read it. Raise Problem."""
        if read is None:
            raise refused_key(self.scope)
        audit.identified(read.caller)
        check_rights(read.caller, self.rights)
        return read

    async def usable(self, read: TokenRead) -> GrantTokens:
        """Return what was read, with its tokens as they are.

        Raise Problem where it has to be authorized again, with a link for that.
        """
        grant, tokens = read.grant, read.tokens
        assert grant is not None, "`store` and `account` found it"
        assert tokens is not None, "they came with it"
        if grant.status == "needs_reauthorization":
            raise await with_consent_link(self.services, read.caller, grant, revoked(grant))
        return GrantTokens(grant, tokens)

    async def fresh(self, read: TokenRead, min_ttl: int | None) -> GrantTokens:
        """Return what was read once its token has `min_ttl` seconds left; None: as it is. Raise Problem."""
        held = await self.usable(read)
        if min_ttl is None:
            return held
        if (fresh := held.fresh(min_ttl, self.services.clock.now())) is not None:
            return fresh
        try:
            return await self.services.tokens.fresh(held.grant.id, min_ttl)
        except Problem as problem:
            raise await with_consent_link(self.services, read.caller, held.grant, problem) from None


async def refreshed(call: ApiCall, grant: Grant, refused: Secret | None) -> GrantTokens:
    """Return the caller's tokens, refreshed because the caller wants it.

    `refused`: the access token that Amazon did not take; Amazon is asked only if that is the present one.
    Raise Problem.
    """
    tokens = call.services.tokens
    try:
        if refused is None:
            return await tokens.forced(grant.id)
        return await tokens.in_place_of_token(grant.id, refused)
    except Problem as problem:
        raise await with_consent_link(call.services, call.caller, grant, problem) from None
