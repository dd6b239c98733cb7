"""Which of a user's stores and ads accounts a call means, found in one place for every call and the proxy.

Whatever is found counts as used now, so that it is refreshed ahead.
"""

from gateway.errors import Problem
from gateway.model import Caller, Flow, Grant, Profile, Region, TokenRead
from gateway.regions import in_region
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.vault import Vault


class Holdings:
    """What users hold, as calls name it."""

    def __init__(self, vault: Vault, threads: Threads) -> None:
        self._vault = vault
        self._threads = threads

    async def store(self, caller: Caller, seller_id: str, region: Region | None) -> Grant:
        """Return the caller's one store of a seller, in one region or in any.

        Raises:
            Problem: `not_found`, with the regions in which there is one, or `ambiguous` with the candidates.
        """
        found = await self.known_store(caller, seller_id, region)
        if found is None:
            raise await self.no_store(caller, seller_id)
        return self._used(caller, found)

    async def known_store(self, caller: Caller, seller_id: str, region: Region | None) -> Grant | None:
        """Return the same, or None where there is none; it does not count as used. Raise Problem."""
        found = in_region(await self._stores(caller, seller_id), region)
        if len(found) > 1:
            raise Problem("ambiguous", extra={"candidates": [_candidate(grant) for grant in found]})
        return found[0] if found else None

    async def no_store(self, caller: Caller, seller_id: str) -> Problem:
        """Return the Problem of a store that the caller has not in the region that was asked for."""
        regions = [grant.region for grant in await self._stores(caller, seller_id)]
        if not regions:
            return Problem("not_found")
        where = " and ".join(regions)
        return Problem("not_found", f"this seller is authorized in {where}", extra={"regions": regions})

    async def store_to_call(self, caller: Caller, seller_id: str, region: Region) -> TokenRead:
        """Return the caller's store of a region that is to be called, with its tokens.

        Raises:
            Problem: `not_found`, or `bad_parameter` that names the regions; `unauthorized` where the key has
                been revoked since.
        """
        read = await self._vault.reader.store_of(caller, seller_id, region)
        if read is None:
            raise Problem("unauthorized")
        if read.grant is None:
            stores = await self._stores(caller, seller_id)
            raise _store_elsewhere(stores) if stores else Problem("not_found")
        return read

    async def _stores(self, caller: Caller, seller_id: str) -> list[Grant]:
        return await self._threads.vault(self._vault.grants.stores_of, caller.user_id, seller_id)

    async def account(self, caller: Caller, record_id: int | None, profile_id: int | None) -> Grant:
        """Return the caller's ads account, by its authRecordId or by a profile that it covers.

        Raises:
            Problem: `not_found`.
        """
        if record_id is not None:
            grant = await self._threads.vault(self._vault.grants.account, caller.user_id, record_id)
        else:
            assert profile_id is not None, "one of the two is given"
            covering = await self._threads.vault(
                self._vault.grants.accounts_covering, caller.user_id, profile_id
            )
            grant = covering[0] if covering else None
        if grant is None:
            raise Problem("not_found")
        return self._used(caller, grant)

    async def profile(self, caller: Caller, profile_id: int) -> tuple[Profile, Grant] | None:
        """Return the caller's profile with the newest healthy account that covers it; None without one."""
        covering = await self._threads.vault(self._vault.profiles.covering, caller.user_id, profile_id)
        if not covering:
            return None
        profile, grant = covering[0]
        return profile, self._used(caller, grant)

    async def of_token(self, caller: Caller, flow: Flow, presented: Secret) -> Grant | None:
        """Return what an access token belongs to that was issued to this caller; None for any other token."""
        grant = await self._vault.reader.grant_of(caller.user_id, flow, presented)
        return None if grant is None else self._used(caller, grant)

    def _used(self, caller: Caller, grant: Grant) -> Grant:
        self._vault.usage.record_use(caller.key_id, grant.id)
        return grant


def check_store_region(grant: Grant, region: Region) -> None:
    """Raise Problem `bad_parameter` that names the region where a store is not called under this one."""
    if not in_region([grant], region):
        raise _store_elsewhere([grant])


def check_profile_region(profile: Profile, region: Region) -> None:
    """Raise Problem `bad_parameter` that names the region where a profile is not called under this one."""
    if profile.region != region:
        raise _elsewhere("this profile belongs to", [profile.region])


def _store_elsewhere(stores: list[Grant]) -> Problem:
    return _elsewhere("this store is authorized in", [grant.region for grant in stores])


def _elsewhere(what: str, regions: list[Region]) -> Problem:
    return Problem("bad_parameter", f"region: {what} {' and '.join(regions)}", extra={"regions": regions})


def _candidate(grant: Grant) -> dict[str, str | None]:
    """Return what a person needs to choose among stores."""
    return {"sellerId": grant.seller_id, "sellerName": grant.name, "region": grant.region}
