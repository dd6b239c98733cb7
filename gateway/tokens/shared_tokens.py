"""Tokens that the gateway makes for one purpose each: made once however many ask, and kept for their life.

Within a process those who ask for one share the making of it; between processes a claim in the token's row
decides who makes it, and who waits holds no thread. Unlike a refresh, a token may be made twice without harm.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from gateway.errors import Problem
from gateway.tokens.retries import Sleep
from gateway.tokens.single_flight import SingleFlight
from gateway.util import events
from gateway.util.backoff import Backoff
from gateway.util.clock import Clock
from gateway.util.secret import Secret
from gateway.util.threads import Threads
from gateway.vault.authorizations import GrantGone
from gateway.vault.errors import VaultError
from gateway.vault.purpose_tokens import CLAIM, PurposeToken, PurposeTokens

log = logging.getLogger(__name__)

# A token with less than so many seconds left is made anew.
FRESH_ENOUGH = 60
# How long to wait before looking again whether another process has made it.
LOOK_AGAIN = Backoff(0.05, longest=1.0, factor=1.5)
# Seconds: for longer than a process that was killed can have claimed it.
LONGEST_WAIT = CLAIM / 1000 + 5
# Makes a token. Raise Problem.
Make = Callable[[], Awaitable[PurposeToken]]


def purpose_of(*facts: object) -> str:
    """Return the digest by which a purpose is known: of all that it says, in this order."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()


class SharedTokens:
    """Returns tokens that live, by their purpose."""

    def __init__(
        self,
        kept: PurposeTokens,
        clock: Clock,
        threads: Threads,
        *,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept = kept
        self._clock = clock
        self._threads = threads
        self._sleep = sleep
        self._monotonic = monotonic
        self._owner = secrets.token_hex(8)
        self._flights: SingleFlight[str, Secret] = SingleFlight()

    async def token(
        self, purpose: str, make: Make, *, grant_id: int | None = None, refused: Secret | None = None
    ) -> Secret:
        """Return the token of a purpose, made with `make` where there is none with a minute left.

        `grant_id`: the store with which it goes. `refused`: one that Amazon does not take any more, in place
        of which another is wanted. Raise Problem.
        """
        while True:
            kept = await self._good(purpose, refused)
            if kept is not None:
                return kept
            work = partial(self._made, purpose, make, grant_id, refused)
            token = await self._flights.join(purpose, work)
            if token != refused:
                return token

    async def finish_all(self) -> None:
        """Wait for what is being made: at shutdown."""
        await self._flights.finish_all()

    async def _good(self, purpose: str, refused: Secret | None) -> Secret | None:
        kept = await self._threads.vault(self._kept.read, purpose)
        if kept is None or kept.token == refused or kept.expires_at - self._clock.now() < FRESH_ENOUGH:
            return None
        return kept.token

    async def _made(self, purpose: str, make: Make, grant_id: int | None, refused: Secret | None) -> Secret:
        """Make the token, or return the one that another process makes. Raise Problem."""
        deadline = self._monotonic() + LONGEST_WAIT
        for tries in count():
            try:
                claimed = await self._threads.writes(self._kept.claim, purpose, grant_id, self._owner)
            except GrantGone:
                raise Problem("not_found") from None
            # Looked at once more: it may have been made since.
            kept = await self._good(purpose, refused)
            if claimed and kept is None:
                break
            if kept is not None:
                if claimed:
                    await self._release(purpose)
                return kept
            if self._monotonic() > deadline:
                raise Problem("amazon_failed", "another process has been making this token for too long")
            await self._sleep(LOOK_AGAIN.pause(tries))
        try:
            made = await make()
        except BaseException:
            await self._release(purpose)
            raise
        try:
            await self._threads.writes(self._kept.store, purpose, self._owner, made)
        except VaultError as error:  # it is good all the same, and the next caller has another one made
            events.warning(log, "token_not_kept", error=error.message)
        return made.token

    async def _release(self, purpose: str) -> None:
        try:
            await self._threads.writes(self._kept.release, purpose, self._owner)
        except VaultError as error:
            events.warning(log, "claim_not_released", error=error.message)
