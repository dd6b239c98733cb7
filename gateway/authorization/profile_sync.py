"""Reading what an ads authorization reaches: its profiles, from the Ads API's three hosts at once.

A host that does not answer is asked again, and what it left unread is written down: until Amazon has answered
for each region, nobody is told that an account has no profiles, nor that all of them are there. A token that
every host refuses is renewed once: then either the profiles come, or it is known that the account is revoked.
"""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from gateway.amazon.ads_api import AdsApi, RegionProfiles
from gateway.amazon.failures import AmazonFailure
from gateway.amazon.marketplaces import REGIONS
from gateway.applications.credentials import ads_client
from gateway.applications.shares import Shares
from gateway.errors import Problem
from gateway.model import Grant, Profile, Region, UnreadProfiles
from gateway.settings.settings import Settings
from gateway.tokens.retries import Retries
from gateway.tokens.service import TokenService
from gateway.tokens.single_flight import SingleFlight
from gateway.util import events
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

Word = Literal["ok", "profile_sync_failed", "incomplete"]


@dataclass(frozen=True, slots=True)
class SyncState:
    """What is known of an account's profiles: how many are kept, and what Amazon did not answer for."""

    profiles: int
    unread: UnreadProfiles | None = None

    @property
    def word(self) -> Word:
        """The contract's `profileSync`; `profile_sync_failed` only where Amazon listed none anywhere."""
        if self.unread is not None:
            return "incomplete"
        return "ok" if self.profiles else "profile_sync_failed"

    @property
    def reason(self) -> str | None:
        """The row of references/errors.json that says what is missing and what to do; None if nothing is."""
        if self.unread is None:
            return None if self.profiles else "profile_sync_failed"
        everywhere = len(self.unread.regions) == len(REGIONS)
        return "profile_sync_unanswered" if everywhere else "profile_sync_incomplete"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How a sync ended: what is known now, and why which regions could not be asked."""

    state: SyncState
    failures: dict[Region, AmazonFailure]


class ProfileSync:
    """Asks Amazon for profiles and keeps them: one sync of an account at a time, for all its callers."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        ads_api: AdsApi,
        tokens: TokenService,
        threads: Threads,
        *,
        shares: Shares,
        retries: Retries,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._ads_api = ads_api
        self._tokens = tokens
        self._threads = threads
        self._shares = shares
        self._retries = retries
        self._flights: SingleFlight[int, SyncResult] = SingleFlight()

    async def sync(self, grant_id: int) -> SyncResult:
        """Replace an account's profiles by what Amazon lists now, or share the sync that is under way.

        A region that cannot be asked keeps the profiles it had. Raise Problem where there is no token to ask
        with, or the user has too many syncs under way, VaultError.
        """
        return await self._flights.join(grant_id, partial(self._sync, grant_id))

    async def first_sync(self, grant: Grant, access_token: Secret) -> SyncState:
        """Sync an account that was kept a moment ago, and return what is known then. Raise VaultError.

        What goes wrong leaves it incomplete, as it was written down to be.
        """
        try:
            asked = partial(self._sync_with, grant, access_token)
            return (await self._flights.join(grant.id, asked)).state
        except (Problem, VaultError) as error:
            events.warning(log, "first_sync_failed", grant=grant.id, error=error.message)
            return await self.state(grant.id)

    async def state(self, grant_id: int) -> SyncState:
        """Return what is known of an account's profiles. Raise VaultError."""
        profiles = await self._threads.vault(self._vault.profiles.of_grant, grant_id)
        unread = await self._threads.vault(self._vault.unread_profiles.of_grant, grant_id)
        return SyncState(len(profiles), unread)

    async def _sync(self, grant_id: int) -> SyncResult:
        held = await self._tokens.fresh(grant_id)
        answers = await self._ask_all(held.grant, held.tokens.access_token)
        if all(isinstance(answer, AmazonFailure) and answer.kind == "unauthorized" for answer in answers):
            renewed = await self._tokens.in_place_of(held)
            if renewed is not None:
                answers = await self._ask_all(held.grant, renewed)
        return await self._settle(held.grant, answers)

    async def _sync_with(self, grant: Grant, access_token: Secret) -> SyncResult:
        return await self._settle(grant, await self._ask_all(grant, access_token))

    async def _ask_all(self, grant: Grant, access_token: Secret) -> list[RegionProfiles | AmazonFailure]:
        client_id = ads_client(self._settings).client_id
        async with self._shares.place_for(grant.user_id):
            return await asyncio.gather(
                *(self._ask(region, client_id, access_token, grant) for region in REGIONS)
            )

    async def _settle(self, grant: Grant, answers: list[RegionProfiles | AmazonFailure]) -> SyncResult:
        listed: dict[Region, RegionProfiles] = {}
        failures: dict[Region, AmazonFailure] = {}
        for region, answer in zip(REGIONS, answers, strict=True):
            if isinstance(answer, AmazonFailure):
                failures[region] = answer
            else:
                listed[region] = answer
        state = await self._threads.writes(self._keep, grant.id, listed, _unread(grant.id, failures))
        events.info(
            log,
            "profiles_synced",
            grant=grant.id,
            profiles=state.profiles,
            skipped=sum(answer.skipped for answer in listed.values()),
            failed={region: failure.kind for region, failure in failures.items()},
        )
        return SyncResult(state, failures)

    async def _ask(
        self, region: Region, client_id: str, access_token: Secret, grant: Grant
    ) -> RegionProfiles | AmazonFailure:
        ask = partial(self._ads_api.list_profiles, region, client_id, access_token, grant.id)
        try:
            return await self._retries.call(partial(self._threads.syncs, ask))
        except AmazonFailure as failure:
            return failure

    def _keep(
        self, grant_id: int, listed: dict[Region, RegionProfiles], unread: UnreadProfiles | None
    ) -> SyncState:
        kept: dict[int, Profile] = {
            profile.profile_id: profile
            for profile in self._vault.profiles.of_grant(grant_id)
            if profile.region not in listed
        }
        for answer in listed.values():
            for profile in answer.profiles:
                kept.setdefault(profile.profile_id, profile)
        self._vault.profiles.replace(grant_id, list(kept.values()), unread)
        return SyncState(len(kept), unread)


def known_word(recorded: str | None) -> Word:
    """Return how a first sync ended, as an attempt has recorded it; one that was cut off read not all."""
    return next((word for word in get_args(Word) if word == recorded), "incomplete")


def _unread(grant_id: int, failures: dict[Region, AmazonFailure]) -> UnreadProfiles | None:
    """Return what those failures leave unread; the first of them stands for all."""
    if not failures:
        return None
    cause = next(failure.detail or failure.kind for failure in failures.values())
    return UnreadProfiles(grant_id, tuple(failures), cause)
