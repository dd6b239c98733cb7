"""Access tokens that live, refreshed once however many ask.

Within a process the callers of one grant share a refresh (single_flight.py); between processes a lease in the
grant's row decides who asks Amazon (leased_refresh.py). An answer that could not be stored (the lease was
lost, the disk is full) is kept, and the next refresh stores it instead of asking Amazon again
(unstored_answers.py).
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from functools import partial

from gateway.amazon.login_with_amazon import LoginWithAmazon
from gateway.applications.credentials import token_client
from gateway.applications.token_breaker import Paused, TokenCircuitBreaker
from gateway.errors import Problem
from gateway.model import Flow
from gateway.settings.settings import Settings
from gateway.tokens.amazon_refresh import AmazonRefresh
from gateway.tokens.forced_limit import ForcedLimit
from gateway.tokens.grant_tokens import FINAL_REASONS, GrantTokens, seconds_left
from gateway.tokens.lease import LeaseKeeper
from gateway.tokens.leased_refresh import LeasedRefresh
from gateway.tokens.retries import Retries, Sleep
from gateway.tokens.single_flight import SingleFlight
from gateway.tokens.token_endpoint import TokenEndpoint
from gateway.tokens.unstored_answers import UnstoredAnswers
from gateway.tokens.verdicts import Verdicts
from gateway.util import events
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

# A token with less than so many seconds left is refreshed before the gateway itself uses it.
FRESH_ENOUGH = 60
# A caller who needs a new token waits at most so many seconds for a pause in asking Amazon to end.
LONGEST_REST = 5.0
# Who forces a refresh is given a token that was refreshed less than so many seconds ago.
JUST_REFRESHED = 10


class TokenService:
    """Returns access tokens that live."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        login: LoginWithAmazon,
        clock: Clock,
        threads: Threads,
        *,
        sleep: Sleep = asyncio.sleep,
        retries: Retries | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._breaker = TokenCircuitBreaker(vault, threads)
        self._leases = LeaseKeeper(vault.leases, threads, settings.refresh_lease, vault.postgresql_leases)
        self._unstored = UnstoredAnswers()
        self._forced = ForcedLimit(vault.forced_refreshes, threads)
        self._flights: SingleFlight[int, GrantTokens] = SingleFlight()
        endpoint = TokenEndpoint(
            self._breaker, threads, retries=retries or Retries(sleep), once=Retries(sleep, tries=1)
        )
        verdicts = Verdicts(vault, self._breaker, threads)
        amazon = AmazonRefresh(settings, login, endpoint, verdicts, self._forced)
        self._refreshing = LeasedRefresh(
            vault.grants,
            self._leases,
            amazon,
            self._unstored,
            clock,
            threads,
            sleep=sleep,
            monotonic=monotonic,
        )

    async def fresh(self, grant_id: int, min_ttl: int = FRESH_ENOUGH) -> GrantTokens:
        """Return tokens with at least `min_ttl` seconds left, refreshing once if need be.

        Where the refresh fails for a passing reason and the token lives, the token is returned as
        `below_minimum`. Raise Problem otherwise.
        """
        held = await self._refreshing.look(grant_id)
        if (fresh := held.fresh(min_ttl, self._clock.now())) is not None:
            return fresh
        renewed = self._renewed if self._left(held) > 0 else self._patiently_renewed
        try:
            held = await renewed(held)
            if self._left(held) <= 0:  # an answer that was kept for so long that its token has ended
                held = await renewed(held)
        except Problem as problem:
            if problem.reason in FINAL_REASONS or self._left(held) <= 0:
                raise
        except VaultError:  # it cannot be written now, and could be read
            if self._left(held) <= 0:
                raise
        return held._replace(below_minimum=self._left(held) < min_ttl)

    async def refresh(self, grant_id: int) -> GrantTokens:
        """Return tokens that were refreshed after this call came in. Raise Problem."""
        return await self._patiently_renewed(await self._refreshing.look(grant_id))

    async def in_place_of_token(self, grant_id: int, refused: Secret) -> GrantTokens:
        """Return tokens in place of an access token that a caller says Amazon refused.

        Amazon is asked where that is the grant's present one. Otherwise others have taken its place since, or
        it never was this grant's: those that are there now are returned (`in_place`). Raise Problem.
        """
        held = await self._refreshing.look(grant_id)
        if held.tokens.access_token == refused:
            return await self.forced_newer_than(held)
        return (await self.fresh(grant_id))._replace(in_place=True)

    async def forced(self, grant_id: int) -> GrantTokens:
        """Return tokens that a caller wants refreshed, whether they need it or not.

        Those that were refreshed a moment ago, by whichever process, are returned as they are
        (`refreshed_again_in`). Raise Problem.
        """
        held = await self._refreshing.look(grant_id)
        age = self._clock.now() - held.grant.refreshed_at
        if held.grant.was_refreshed and abs(age) < JUST_REFRESHED and self._left(held) > 0:
            again_in = min(math.ceil(JUST_REFRESHED - age), JUST_REFRESHED)
            return held._replace(refreshed_again_in=again_in)
        return await self.forced_newer_than(held)

    async def forced_newer_than(self, seen: GrantTokens) -> GrantTokens:
        """Return tokens that came after those that were seen, and that a caller's doing asks for.

        How many of these refreshes a user may cause is bounded. Raise Problem, `too_many_refreshes` too.
        """
        if not self._flights.is_under_way(seen.grant.id):
            await self._forced.take(seen.grant.user_id)
        return await self._patiently_renewed(seen, forced=True)

    async def in_place_of(self, refused: GrantTokens) -> Secret | None:
        """Return an access token in place of one that Amazon refused; None where there is none now.

        Raise Problem where the authorization, or the application, proves to be at fault.
        """
        try:
            return (await self.forced_newer_than(refused)).tokens.access_token
        except Problem as problem:
            if "status" in problem.extra:
                raise
            return None

    async def renew_ahead(self, grant_id: int, min_ttl: int) -> GrantTokens | None:
        """Return tokens with at least `min_ttl` seconds left, refreshing if need be; None where others do.

        For work that nobody waits for: in fewer steps than `fresh`, and without waiting. Raise Problem.
        """
        return await self._refreshing.ahead(grant_id, min_ttl)

    async def suspended(self, flow: Flow) -> bool:
        """Tell whether Amazon refuses the application of a flow; without an application nothing does."""
        if (self._settings.spapi if flow == "spapi" else self._settings.ads) is None:
            return False
        return await self._breaker.suspended(token_client(self._settings, flow, "NA"))

    async def store_unstored(self) -> None:
        """Store the answers that the vault could not take when they came. What still fails stays kept.

        Raise VaultError, the last one, once all were tried: one grant's trouble is not another's.
        """
        failure: VaultError | None = None
        for grant_id, kept in self._unstored:
            try:
                seen = await self._refreshing.look(grant_id)
                if seen.grant.token_version == kept.version:
                    await self._renewed(seen)
                else:
                    self._unstored.drop(grant_id)
            except Problem as problem:
                self._unstored.drop_if_final(grant_id, problem)
            except VaultError as error:
                failure = error
        if failure is not None:
            raise failure

    async def finish_all(self) -> None:
        """Wait for the refreshes that are under way, and store what is still to be stored: at shutdown."""
        await self._flights.finish_all()
        with contextlib.suppress(VaultError):
            await self.store_unstored()
        for grant_id, _ in self._unstored:
            events.critical(log, "refresh_lost", grant=grant_id)

    def _left(self, held: GrantTokens) -> float:
        return seconds_left(held.grant, self._clock.now())

    async def _patiently_renewed(self, seen: GrantTokens, *, forced: bool = False) -> GrantTokens:
        """As `_renewed`, for callers whom the old token does not help: they wait for a short rest to end."""
        try:
            return await self._renewed(seen, forced=forced)
        except Paused as paused:
            if paused.seconds > LONGEST_REST:
                raise
            await self._sleep(paused.seconds)
        return await self._renewed(seen, forced=forced)

    async def _renewed(self, seen: GrantTokens, *, forced: bool = False) -> GrantTokens:
        """Join the refresh of this grant that is under way in this process, or begin one."""
        while True:
            work = partial(self._refreshing.newer_than, seen, forced=forced)
            held = await self._flights.join(seen.grant.id, work)
            if held.grant.token_version > seen.grant.token_version:
                return held
