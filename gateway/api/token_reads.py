"""`storeTokens`: the call that every request of every downstream skill begins with, so it is kept short.

One statement checks the API key and brings the tokens. Only a token that has to be refreshed takes longer.
"""

from dataclasses import dataclass
from typing import Self

from starlette.types import Scope

from gateway.api.refusals import with_consent_link
from gateway.asgi.calls import check_rights, presented_key, refused_key
from gateway.asgi.services import Services, services_in
from gateway.errors import Problem
from gateway.model import Region, Right, TokenRead
from gateway.regions import INDIA_ASKED, INDIA_KEPT, in_region
from gateway.tokens.grant_tokens import GrantTokens, revoked, seconds_left
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

    async def store_tokens(self, seller_id: str, region: Region, min_ttl: int | None) -> GrantTokens:
        """Return a store's tokens with `min_ttl` seconds left at least. Raise Problem."""
        by_store = self.services.vault.reader.by_store
        read = await by_store(self.key, seller_id, region)
        if region == INDIA_ASKED and read is not None and read.grant is None:
            kept = await by_store(self.key, seller_id, INDIA_KEPT)
            if kept is not None and kept.grant is not None and in_region([kept.grant], region):
                read = kept
        known = self._checked(read)
        if known.grant is None:
            raise await self.services.holdings.no_store(known.caller, seller_id)
        return await self._fresh(known, min_ttl)

    async def account_tokens(
        self, record_id: int | None, profile_id: int | None, min_ttl: int | None
    ) -> GrantTokens:
        """Return an ads account's tokens likewise, by one of the two numbers. Raise Problem."""
        reader = self.services.vault.reader
        if record_id is not None:
            read = await reader.by_record(self.key, "ads", record_id)
        else:
            assert profile_id is not None, "one of the two is given"
            read = await reader.by_profile(self.key, profile_id)
        return await self._fresh(self._checked(read), min_ttl)

    def _checked(self, read: TokenRead | None) -> TokenRead:
        """Return what was read where the key is one that may read it. Raise Problem."""
        if read is None:
            raise refused_key(self.scope)
        audit.identified(read.caller)
        check_rights(read.caller, self.rights)
        return read

    async def _fresh(self, read: TokenRead, min_ttl: int | None) -> GrantTokens:
        """Return what was read once the tokens live long enough. Raise Problem."""
        if read.grant is None or read.tokens is None:
            raise Problem("not_found")
        if read.grant.status == "needs_reauthorization":
            raise await with_consent_link(self.services, read.caller, read.grant, revoked(read.grant))
        left = seconds_left(read.grant, self.services.clock.now())
        if min_ttl is None or left >= max(min_ttl, 1):
            return GrantTokens(read.grant, read.tokens)
        try:
            return await self.services.tokens.fresh(read.grant.id, min_ttl)
        except Problem as problem:
            raise await with_consent_link(self.services, read.caller, read.grant, problem) from None
