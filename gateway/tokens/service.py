"""One refresh, however many ask.

Within a process the callers of one grant share a task; between processes a lease in the grant's row decides
who asks Amazon. Look, take the lease, look again, refresh, store by compare-and-swap, release. Everyone
measures by the row's `token_version`: whoever saw version 7 is content with any later one, whoever made it.
Who waits holds no thread. An answer that could not be stored (the lease was lost, the disk is full) is kept,
and the next refresh stores it instead of asking Amazon again.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from gateway.amazon.failures import AmazonFailure, problem_of
from gateway.amazon.login_with_amazon import Client, LoginWithAmazon, TokenAnswer
from gateway.applications.credentials import token_client
from gateway.applications.token_breaker import Paused, TokenCircuitBreaker
from gateway.errors import TABLE, Problem
from gateway.model import Flow, Grant, Lease, Tokens
from gateway.monitoring import metrics
from gateway.settings.settings import Settings
from gateway.tokens.retries import Retries, Sleep
from gateway.util.clock import Clock
from gateway.util.threads import Threads
from gateway.vault.applications import CircuitState
from gateway.vault.errors import VaultError
from gateway.vault.vault import Vault

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
# On top of a lease: as long as a whole refresh with its retries may take.
LONGEST_REFRESH = 60.0
STORE_TRIES = 5
# A caller who needs a new token waits so long for Amazon's rest to end, and is told otherwise.
LONGEST_REST = 5.0
# So far may the clocks of machines on one database differ.
CLOCK_TOLERANCE = 60

REVOKED = "store_revoked"
FOREIGN = "grant_of_another_client"
# After these a token that still lives is no use to anybody: the caller is told instead.
FINAL_REASONS = frozenset({REVOKED, FOREIGN, "not_found"})


@dataclass(frozen=True, slots=True)
class GrantTokens:
    """A grant with its tokens. `below_minimum`: they live, but not for as long as was asked."""

    grant: Grant
    tokens: Tokens
    below_minimum: bool = False


@dataclass(frozen=True, slots=True)
class _UnstoredAnswer:
    """An answer of Amazon's to the tokens of that version. `rotated`: it holds another refresh token."""

    answer: TokenAnswer
    version: int
    rotated: bool


def seconds_left(grant: Grant, tokens: Tokens, now: float) -> float:
    """Return how long an access token still lives; 0 where the clock has gone back since, so nobody knows."""
    return tokens.expires_at - now if now >= grant.refreshed_at - CLOCK_TOLERANCE else 0.0


@dataclass(slots=True)
class _KeptLease:
    """A lease that is kept. `ended`: there is nothing to give back."""

    ended: bool = False


def revoked(grant: Grant) -> Problem:
    """Return what to tell about a grant that has to be authorized again."""
    reason = grant.status_reason if grant.status_reason in TABLE else REVOKED
    return Problem(reason, extra={"status": "needs_reauthorization"})


class TokenService:
    """Hands out access tokens that live."""

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
        self._vault = vault
        self._login = login
        self._clock = clock
        self._threads = threads
        self._sleep = sleep
        self._retries = retries or Retries(sleep)
        self._once = Retries(sleep, tries=1)
        self._breaker = TokenCircuitBreaker(vault, threads)
        self._monotonic = monotonic
        self._owner = secrets.token_hex(8)
        self._lease_seconds = settings.refresh_lease
        self._flights: dict[int, asyncio.Task[GrantTokens]] = {}
        self._unstored: dict[int, _UnstoredAnswer] = {}

    async def fresh(self, grant_id: int, min_ttl: int) -> GrantTokens:
        """Return tokens with at least `min_ttl` seconds left, refreshing once if need be.

        Where the refresh fails for a passing reason and the token lives, the token is returned as
        `below_minimum`. Raises Problem otherwise.
        """
        held = await self._look(grant_id)
        if self._left(held) >= max(min_ttl, 1):
            return held
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
        return replace(held, below_minimum=self._left(held) < min_ttl)

    async def refresh(self, grant_id: int) -> GrantTokens:
        """Return tokens that were refreshed after this call came in. Raises Problem."""
        return await self._patiently_renewed(await self._look(grant_id))

    async def renew_ahead(self, grant_id: int, min_ttl: int) -> GrantTokens | None:
        """Return tokens with at least `min_ttl` seconds left, refreshing if need be; None where others do.

        For work that nobody waits for: in fewer steps than `fresh`, and without waiting. Raises Problem.
        """

        leased = await self._threads.vault(
            self._vault.grants.lease_with_tokens, grant_id, self._owner, int(self._lease_seconds * 1000)
        )
        if leased is None:
            return None
        lease, grant, tokens = leased
        async with self._kept(lease) as keeping:
            current = self._usable((grant, tokens))
            if self._left(current) >= min_ttl:
                return current
            stored = await self._refresh(lease, current)
            if stored is not None:
                keeping.ended = True
                self._unstored.pop(grant_id, None)
            return stored

    async def suspended(self, flow: Flow) -> bool:
        """Tell whether Amazon refuses the application of a flow; without an application nothing does."""
        if (self._settings.spapi if flow == "spapi" else self._settings.ads) is None:
            return False
        return await self._breaker.suspended(token_client(self._settings, flow, "NA"))

    async def store_unstored(self) -> None:
        """Store the answers that the vault could not take when they came. What still fails stays kept."""
        for grant_id, kept in list(self._unstored.items()):
            try:
                seen = await self._look(grant_id)
                if seen.grant.token_version == kept.version:
                    await self._renewed(seen)
                else:
                    self._unstored.pop(grant_id, None)
            except Problem as problem:
                self._forget_if_final(grant_id, problem)

    async def finish_all(self) -> None:
        """Wait for the refreshes that are under way, and store what is still to be stored: at shutdown."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)
        with contextlib.suppress(VaultError):
            await self.store_unstored()
        for grant_id in self._unstored:
            log.critical("refresh_lost grant=%d: what Amazon answered could not be stored", grant_id)

    def _left(self, held: GrantTokens) -> float:
        return seconds_left(held.grant, held.tokens, self._clock.now())

    async def _look(self, grant_id: int) -> GrantTokens:
        """Read the grant and its tokens; Problem where there is none or it needs a new authorization."""
        return self._usable(await self._threads.vault(self._vault.grants.with_tokens, grant_id))

    def _usable(self, found: tuple[Grant, Tokens] | None) -> GrantTokens:
        """Return a grant with its tokens; Problem where there is none or it needs a new authorization."""
        if found is None:
            raise Problem("not_found")
        grant, tokens = found
        if grant.status == "needs_reauthorization" and not self._holds_its_token(grant):
            raise revoked(grant)
        return GrantTokens(grant, tokens)

    def _holds_its_token(self, grant: Grant) -> bool:
        """Tell whether the refresh token that Amazon takes now is here, and only waits to be stored.

        To another process, which has the one before, the store then looks revoked.
        """
        kept = self._unstored.get(grant.id)
        return kept is not None and kept.rotated and kept.version == grant.token_version

    def _forget_if_final(self, grant_id: int, problem: Problem) -> None:
        """Drop what waits to be stored for a grant that is gone or has been revoked."""
        if problem.reason in FINAL_REASONS:
            self._unstored.pop(grant_id, None)

    async def _patiently_renewed(self, seen: GrantTokens) -> GrantTokens:
        """As `_renewed`, for callers whom the old token does not help: they wait for a short rest to end."""
        try:
            return await self._renewed(seen)
        except Paused as paused:
            if paused.seconds > LONGEST_REST:
                raise
            await self._sleep(paused.seconds)
        return await self._renewed(seen)

    async def _renewed(self, seen: GrantTokens) -> GrantTokens:
        """Join the refresh of this grant that is under way in this process, or begin one."""
        while True:
            flight = self._flights.get(seen.grant.id)
            if flight is None:
                flight = asyncio.create_task(self._fly(seen))
                flight.add_done_callback(_retrieve)
                self._flights[seen.grant.id] = flight
            held = await asyncio.shield(flight)
            if held.grant.token_version > seen.grant.token_version:
                return held

    async def _fly(self, seen: GrantTokens) -> GrantTokens:
        try:
            return await self._renew(seen)
        except Problem as problem:
            self._forget_if_final(seen.grant.id, problem)
            raise
        finally:
            del self._flights[seen.grant.id]

    async def _renew(self, seen: GrantTokens) -> GrantTokens:
        """Refresh under the lease, or wait for whoever holds it; see the module's first lines."""
        grant_id = seen.grant.id
        deadline = self._monotonic() + self._lease_seconds + LONGEST_REFRESH
        pause = FIRST_PAUSE
        began = self._monotonic()
        while True:
            lease = await self._threads.vault(
                self._vault.grants.take_lease, grant_id, self._owner, int(self._lease_seconds * 1000)
            )
            if lease is not None:
                async with self._kept(lease) as keeping:
                    current = await self._look(grant_id)
                    if current.grant.token_version == seen.grant.token_version:
                        stored = await self._refresh(lease, current)
                        if stored is not None:
                            keeping.ended = True
                            self._unstored.pop(grant_id, None)
                            return stored
            current = await self._look(grant_id)
            if current.grant.token_version > seen.grant.token_version:
                self._unstored.pop(grant_id, None)
                if lease is None:
                    metrics.LEASE_WAITS.observe(self._monotonic() - began)
                return current
            if self._monotonic() > deadline:
                raise Problem("amazon_failed", "another process has been refreshing this token for too long")
            await self._sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _refresh(self, lease: Lease, current: GrantTokens) -> GrantTokens | None:
        """Ask Amazon and store the answer, or store one that is still waiting for it.

        Returns what is stored now; None where that has to be looked up.
        """
        kept = self._unstored.get(lease.grant_id)
        if kept is None or kept.version != current.grant.token_version:
            answer = await self._ask_amazon(current)
            if answer is None:
                return None
            rotated = answer.refresh_token not in (None, current.tokens.refresh_token)
            kept = _UnstoredAnswer(answer, current.grant.token_version, rotated)
            self._unstored[lease.grant_id] = kept
        return await self._store(lease, current, kept.answer)

    async def _ask_amazon(self, current: GrantTokens) -> TokenAnswer | None:
        """Return Amazon's answer; None where somebody else has changed the grant meanwhile."""
        grant = current.grant
        client = token_client(self._settings, grant.flow, grant.region)

        circuit = await self._breaker.admit(client)

        async def ask() -> TokenAnswer:
            return await self._threads.amazon(self._login.refresh, client, current.tokens.refresh_token)

        retries = self._once if circuit.state == "half_open" else self._retries
        try:
            answer = await retries.call(ask)
        except AmazonFailure as failure:
            log.warning("refresh_failed grant=%d kind=%s detail=%r", grant.id, failure.kind, failure.detail)
            if await self._is_stale(failure, grant, client, circuit):
                return None
            raise problem_of(failure) from None
        await self._breaker.worked(client, circuit)
        return answer

    async def _is_stale(
        self, failure: AmazonFailure, grant: Grant, client: Client, circuit: CircuitState
    ) -> bool:
        """Note whose fault a failure is; True where the grant has changed since, so that it says nothing.

        Marks go by the version seen: only if nobody refreshed or authorized again meanwhile.
        """
        if failure.kind == "invalid_grant":
            await self._breaker.worked(client, circuit)  # Amazon checks the client before the token
            return not await self._threads.vault(
                self._vault.grants.mark_needs_reauthorization, grant.id, grant.token_version, REVOKED
            )
        if failure.kind == "invalid_client":
            await self._breaker.suspend(client, circuit, failure.kind)
        elif failure.kind == "unauthorized_client":
            verdict = "all"
            if circuit.reason != failure.kind or not grant.token_version:
                verdict = await self._threads.vault(
                    self._vault.grants.regard_foreign, grant.id, grant.token_version, FOREIGN
                )
            if verdict == "stale":
                return True
            if verdict == "all":
                await self._breaker.suspend(client, circuit, failure.kind)
                raise Problem("suspended_app", failure.detail, extra={"status": "suspended_app"})
            if circuit.state == "half_open":
                await self._breaker.suspend(client, circuit, circuit.reason or failure.kind)
        else:
            await self._breaker.failed(client, circuit, failure)
        return False

    async def _store(self, lease: Lease, current: GrantTokens, answer: TokenAnswer) -> GrantTokens | None:
        """Store by compare-and-swap, which ends the lease; None where somebody else's tokens are there."""
        tokens = Tokens(
            access_token=answer.access_token,
            refresh_token=answer.refresh_token or current.tokens.refresh_token,
            token_type=answer.token_type,
            expires_at=answer.expires_at,
            granted_scopes=answer.granted_scopes or current.tokens.granted_scopes,
        )
        pause = FIRST_PAUSE
        for left in reversed(range(STORE_TRIES)):
            try:
                stored = await self._threads.vault(
                    self._vault.grants.store_refresh, lease, current.grant.token_version, tokens
                )
            except VaultError as error:
                log.error(
                    "refresh_not_stored grant=%d error=%r tries_left=%d rotated=%s",
                    lease.grant_id,
                    error.message,
                    left,
                    tokens.refresh_token != current.tokens.refresh_token,
                )
                if not left:
                    raise Problem("not_stored") from None
                await self._sleep(pause)
                pause *= 2
            else:
                return GrantTokens(self._after(current.grant, tokens), tokens) if stored else None
        raise AssertionError("the last try returns or raises")

    def _after(self, grant: Grant, tokens: Tokens) -> Grant:
        """Return what a grant is when these tokens have been stored for it."""
        return replace(
            grant,
            status="authorized",
            status_reason=None,
            access_expires_at=tokens.expires_at,
            refreshed_at=int(self._clock.now()),
            granted_scopes=tokens.granted_scopes,
            token_version=grant.token_version + 1,
        )

    @contextlib.asynccontextmanager
    async def _kept(self, lease: Lease) -> "AsyncIterator[_KeptLease]":
        """Renew the lease while the body runs, and give it back afterwards unless it has ended."""
        keeping = _KeptLease()
        renewing = asyncio.create_task(self._keep_renewing(lease))
        try:
            yield keeping
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            if not keeping.ended:
                await self._release(lease)

    async def _release(self, lease: Lease) -> None:
        try:
            await self._threads.vault(self._vault.grants.release_lease, lease)
        except VaultError as error:
            log.warning("lease_not_released grant=%d error=%r", lease.grant_id, error.message)

    async def _keep_renewing(self, lease: Lease) -> None:
        milliseconds = int(self._lease_seconds * 1000)
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            with contextlib.suppress(VaultError):
                if not await self._threads.vault(self._vault.grants.renew_lease, lease, milliseconds):
                    return


def _retrieve(flight: asyncio.Task[GrantTokens]) -> None:
    """Look at how a flight ended, so that one whose callers have all gone is not reported as forgotten."""
    if not flight.cancelled():
        flight.exception()
