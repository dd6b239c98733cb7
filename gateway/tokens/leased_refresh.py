"""One refresh of a grant among all processes on the database.

Look, take the lease, look again, ask Amazon, store by compare-and-swap, release. Everyone measures by the
row's `token_version`: whoever saw version 7 is content with any later one, whoever made it. Who waits holds
no thread.
"""

import logging
import time
from collections.abc import Callable
from itertools import count

from gateway.amazon.login_with_amazon import TokenAnswer
from gateway.errors import Problem
from gateway.model import Grant, Tokens
from gateway.tokens.amazon_refresh import AmazonRefresh
from gateway.tokens.grant_tokens import GrantTokens, revoked, seconds_left
from gateway.tokens.lease import KeptLease, LeaseKeeper
from gateway.tokens.retries import Sleep
from gateway.tokens.unstored_answers import UnstoredAnswers
from gateway.util import counters, events, tracing
from gateway.util.backoff import Backoff
from gateway.util.clock import Clock
from gateway.util.threads import Threads
from gateway.vault.errors import VaultError
from gateway.vault.grants import Grants

log = logging.getLogger(__name__)

# How long to wait before looking again whether another process has finished.
LOOK_AGAIN = Backoff(0.05, longest=1.0, factor=1.5)
# On top of a lease: as long as a whole refresh with its retries may take.
LONGEST_REFRESH = 60.0
STORE_AGAIN = Backoff(0.05)
STORE_TRIES = 5


class LeasedRefresh:
    """Refreshes grants, each under its lease."""

    def __init__(
        self,
        grants: Grants,
        leases: LeaseKeeper,
        amazon: AmazonRefresh,
        unstored: UnstoredAnswers,
        clock: Clock,
        threads: Threads,
        *,
        sleep: Sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grants = grants
        self._leases = leases
        self._amazon = amazon
        self._unstored = unstored
        self._clock = clock
        self._threads = threads
        self._sleep = sleep
        self._monotonic = monotonic

    async def look(self, grant_id: int) -> GrantTokens:
        """Read a grant and its tokens. Raise Problem where there is none or it needs a new authorization."""
        return self._usable(await self._threads.vault(self._grants.with_tokens, grant_id))

    async def newer_than(self, seen: GrantTokens, *, forced: bool = False) -> GrantTokens:
        """Return tokens that are newer than `seen`: refreshed here, or by whoever holds the lease.

        `forced`: a caller wants it, though nothing may need it. Raise Problem.
        """
        try:
            return await self._newer_than(seen, forced)
        except Problem as problem:
            self._unstored.drop_if_final(seen.grant.id, problem)
            raise

    async def ahead(self, grant_id: int, min_ttl: int) -> GrantTokens | None:
        """Return tokens with at least `min_ttl` seconds left; None where another process refreshes them.

        It waits for nobody and takes fewer steps than `newer_than`. Raise Problem.
        """
        leased = await self._leases.take_with_tokens(grant_id)
        if leased is None:
            return None
        lease, grant, tokens = leased
        async with self._leases.keep(lease) as kept:
            current = self._usable((grant, tokens))
            if seconds_left(grant, self._clock.now()) >= min_ttl:
                return current
            return await self._refresh(kept, current, forced=False)

    async def _newer_than(self, seen: GrantTokens, forced: bool) -> GrantTokens:
        grant_id, version = seen.grant.id, seen.grant.token_version
        began = self._monotonic()
        deadline = began + self._leases.seconds + LONGEST_REFRESH
        for tries in count():
            lease = await self._leases.take(grant_id)
            if lease is not None:
                async with self._leases.keep(lease) as kept:
                    current = await self.look(grant_id)
                    if current.grant.token_version == version:
                        stored = await self._refresh(kept, current, forced)
                        if stored is not None:
                            return stored
            current = await self.look(grant_id)
            if current.grant.token_version > version:
                self._unstored.drop(grant_id)
                if lease is None:
                    counters.lease_waited_for(self._monotonic() - began)
                return current
            if self._monotonic() > deadline:
                break
            await self._sleep(LOOK_AGAIN.pause(tries))
        raise Problem("amazon_failed", "another process has been refreshing this token for too long")

    def _usable(self, found: tuple[Grant, Tokens] | None) -> GrantTokens:
        """Return a grant with its tokens; Problem where there is none or it needs a new authorization."""
        if found is None:
            raise Problem("not_found")
        grant, tokens = found
        if grant.status == "needs_reauthorization" and not self._unstored.has_newer_refresh_token(grant):
            raise revoked(grant)
        return GrantTokens(grant, tokens)

    async def _refresh(self, kept: KeptLease, current: GrantTokens, forced: bool) -> GrantTokens | None:
        """Ask Amazon and store the answer, or store one that is still waiting for it.

        Return what is stored now; None where that has to be looked up.
        """
        with tracing.span("refresh", {"linkfox.flow": current.grant.flow}):
            return await self._asked_and_stored(kept, current, forced)

    async def _asked_and_stored(
        self, kept: KeptLease, current: GrantTokens, forced: bool
    ) -> GrantTokens | None:
        answer = self._unstored.answer_to(current.grant)
        if answer is None:
            answer = await self._amazon.ask(current, kept.lease, forced=forced)
            if answer is None:
                return None
            self._unstored.keep(current, answer)
        stored = await self._store(kept, current, answer)
        if stored is not None:
            self._unstored.drop(current.grant.id)
        return stored

    async def _store(self, kept: KeptLease, current: GrantTokens, answer: TokenAnswer) -> GrantTokens | None:
        """Store by compare-and-swap, which ends the lease; None where somebody else's tokens are there."""
        tokens = Tokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token or current.tokens.refresh_token,
            token_type=answer.token_type,
            expires_at=answer.expires_at,
            granted_scopes=answer.granted_scopes or current.tokens.granted_scopes,
        )
        for tries in range(STORE_TRIES):
            try:
                stored = await self._leases.store(kept, current.grant.token_version, tokens)
            except VaultError as error:
                left = STORE_TRIES - 1 - tries
                events.error(
                    log,
                    "refresh_not_stored",
                    grant=current.grant.id,
                    error=error.message,
                    triesLeft=left,
                    rotated=tokens.refresh_token != current.tokens.refresh_token,
                )
                if left:
                    await self._sleep(STORE_AGAIN.pause(tries))
            else:
                return GrantTokens(self._after(current.grant, tokens), tokens) if stored else None
        raise Problem("not_stored")

    def _after(self, grant: Grant, tokens: Tokens) -> Grant:
        """Return what a grant is when these tokens have been stored for it."""
        return grant._replace(
            status="authorized",
            status_reason=None,
            access_expires_at=tokens.expires_at,
            refreshed_at=int(self._clock.now()),
            granted_scopes=tokens.granted_scopes,
            token_version=grant.token_version + 1,
        )
