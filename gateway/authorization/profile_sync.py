"""Reading what an ads authorization reaches: its profiles, from the Ads API's three hosts at once."""

import asyncio
import logging
from dataclasses import dataclass

from gateway.amazon.ads_api import AdsApi, RegionProfiles
from gateway.amazon.failures import AmazonFailure
from gateway.amazon.marketplaces import REGIONS
from gateway.applications.credentials import ads_client
from gateway.model import Grant, Profile, Region
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How a sync ended: the number of profiles now kept, and what went wrong by region."""

    profiles: int
    failures: dict[Region, AmazonFailure]


class ProfileSync:
    """Asks Amazon for an account's profiles and keeps them."""

    def __init__(self, settings: Settings, vault: Vault, ads_api: AdsApi, threads: Threads) -> None:
        self._settings = settings
        self._vault = vault
        self._ads_api = ads_api
        self._threads = threads

    async def sync(self, grant: Grant, access_token: Secret) -> SyncResult:
        """Replace the grant's profiles by what Amazon lists now.

        A region that cannot be asked keeps the profiles it had. Nothing is replaced where no region answers.
        """
        client_id = ads_client(self._settings).client_id
        answers = await asyncio.gather(
            *(self._ask(region, client_id, access_token, grant) for region in REGIONS)
        )
        listed: dict[Region, RegionProfiles] = {}
        failures: dict[Region, AmazonFailure] = {}
        for region, answer in zip(REGIONS, answers, strict=True):
            if isinstance(answer, AmazonFailure):
                failures[region] = answer
            else:
                listed[region] = answer
        count = await self._threads.vault(self._keep, grant.id, listed)
        log.info(
            "profiles_synced grant=%d profiles=%d skipped=%d failed=%s",
            grant.id,
            count,
            sum(answer.skipped for answer in listed.values()),
            {region: failure.kind for region, failure in failures.items()},
        )
        return SyncResult(count, failures)

    async def _ask(
        self, region: Region, client_id: str, access_token: Secret, grant: Grant
    ) -> RegionProfiles | AmazonFailure:
        try:
            return await self._threads.amazon(
                self._ads_api.list_profiles, region, client_id, access_token, grant.id
            )
        except AmazonFailure as failure:
            return failure

    def _keep(self, grant_id: int, listed: dict[Region, RegionProfiles]) -> int:
        known = self._vault.profiles.of_grant(grant_id)
        if not listed:
            return len(known)
        kept: dict[int, Profile] = {
            profile.profile_id: profile for profile in known if profile.region not in listed
        }
        for answer in listed.values():
            for profile in answer.profiles:
                kept.setdefault(profile.profile_id, profile)
        self._vault.profiles.replace(grant_id, list(kept.values()))
        return len(kept)
