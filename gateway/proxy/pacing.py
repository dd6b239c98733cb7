"""Spaces the calls of one store and operation, so that none goes that Amazon would answer with a 429.

Amazon counts SP-API calls for each pair of application and selling partner, by region and operation, and
those of grantless operations for the application ("Usage Plans and Rate Limits in the Selling Partner API").
The gateway counts alike (vault/call_buckets.py). A call that Amazon would not take yet waits for its turn,
and holds nothing meanwhile but its connection; one whose turn comes later than its caller waits is told so at
once. What has no published rate, and the Ads API, is not spaced.

Spacing is a help: where the database cannot do it, calls go as they come.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from weakref import WeakValueDictionary

from gateway.errors import Problem
from gateway.model import Region
from gateway.proxy.bearers import Bearer
from gateway.proxy.request import ProxyRequest
from gateway.proxy.spapi_operations import PARTICIPATIONS, Operation, spapi_operations
from gateway.proxy.waiting_line import Place, WaitingLine
from gateway.tokens.retries import Sleep
from gateway.util import counters, events
from gateway.vault.call_buckets import CallBuckets, Slot, UsagePlan
from gateway.vault.errors import VaultError

log = logging.getLogger(__name__)

Watch = Callable[[], Awaitable[None]]

# In seconds. So long a caller waits who says nothing.
USUAL_DEADLINE = 20.0
RATE_HEADER = "x-amzn-ratelimit-limit"
# Calls a second. No usage plan of Amazon's is outside of these.
_LOWEST_RATE, _HIGHEST_RATE = 0.001, 1000.0
# So many calls of one user may wait in one process: each holds a connection, and its body.
MOST_WAITING = 500
# Of so many buckets a process remembers what Amazon said of their rates.
_MOST_RATES = 10_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller waits for its turn: `deadline` in seconds.

    `gone` ends with an exception when the caller is no longer there, `stopping` when the gateway is about to
    end; None where that cannot be seen.
    """

    deadline: float = USUAL_DEADLINE
    gone: Watch | None = None
    stopping: Watch | None = None


@dataclass(frozen=True, slots=True)
class Paced:
    """What Amazon counts a call to: the bucket, and the plan by which that is filled.

    `operation`: its key; `whose`: in words, for whom Amazon counts it.
    """

    bucket: str
    plan: UsagePlan
    operation: str
    whose: str


class Pacing:
    """The spacing of calls by one process; all of them share the buckets."""

    def __init__(self, buckets: CallBuckets, sleep: Sleep, *, on: bool) -> None:
        """`on`: whether calls are spaced at all."""
        self._buckets = buckets
        self._sleep = sleep
        self._on = on
        # Of each bucket for which Amazon has named another rate than it publishes.
        self._rates: dict[str, float] = {}
        # By bucket; one in which nobody waits goes by itself.
        self._lines: WeakValueDictionary[str, WaitingLine] = WeakValueDictionary()
        # By user: how many of the calls wait.
        self._waiting: Counter[int] = Counter()
        self._is_failing = False

    async def turn(
        self, wanted: ProxyRequest, bearer: Bearer, patience: Patience, check: Callable[[], Awaitable[None]]
    ) -> Paced | None:
        """Wait until a call may go; return what it counts to, None for one that is not spaced.

        `check`, which is asked before anybody waits, raises where it would be for nothing. Raise Problem
        amazon_throttled, at once, where the call's turn would come later than the caller waits.
        """
        if bearer.grant.flow != "spapi":
            return None
        seller_id = bearer.grant.seller_id
        paced = self._counted_to(wanted.method, wanted.path.segments, bearer.region, seller_id)
        if paced is None:
            return None
        line = self._lines.get(paced.bucket)
        place = None if line is None else line.join_unused(patience.deadline)
        if line is None or place is None:
            slot = await self._take(paced, patience.deadline)
            if slot.wait == 0:
                counters.call_paced("at_once")
                return paced
            if slot.mark is None:
                await check()
                counters.call_paced("refused")
                raise _too_late(paced, slot.wait, patience.deadline)
            line = self._line(paced.bucket)
            place = line.join(paced.plan, slot)
        await self._wait(line, place, bearer.grant.user_id, patience, check)
        counters.call_paced("waited")
        return paced

    async def answered(self, paced: Paced | None, status: int, headers: Mapping[str, str]) -> None:
        """Learn from Amazon's answer to a call: that a bucket is empty all the same, or is filled otherwise.

        `headers`: with lower-case names.
        """
        if paced is None:
            return
        self._learn_rate(paced, headers.get(RATE_HEADER))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            events.info(log, "throttled_all_the_same", operation=paced.operation)
            with self._excused():
                await self._buckets.empty(paced.bucket, paced.plan)

    async def count(
        self, method: str, segments: Sequence[str], region: Region, seller_id: str | None
    ) -> None:
        """Count a call that the gateway makes for itself, and that does not wait."""
        paced = self._counted_to(method, segments, region, seller_id)
        if paced is not None:
            await self._take(paced, 0)

    async def count_check(self, region: Region, seller_id: str | None) -> None:
        """Count a look of the gateway's own at a store."""
        await self.count(*PARTICIPATIONS, region, seller_id)

    def _counted_to(
        self, method: str, segments: Sequence[str], region: Region, seller_id: str | None
    ) -> Paced | None:
        """Return what Amazon counts a call to; None where it publishes no rate, or nothing is spaced."""
        operation = spapi_operations().find(method, segments) if self._on else None
        if operation is None or operation.rate is None or operation.burst is None:
            return None
        bucket = _bucket_of(operation, region, seller_id)
        rate = self._rates.get(bucket, operation.rate)
        whose = "the application" if operation.grantless else "this store"
        return Paced(bucket, _plan(rate, operation.burst), operation.key, whose)

    async def _take(self, paced: Paced, patience: float) -> Slot:
        with self._excused():
            slot = await self._buckets.take(paced.bucket, paced.plan, patience)
            self._is_failing = False
            return slot
        return Slot(0)

    def _line(self, bucket: str) -> WaitingLine:
        line = self._lines.get(bucket)
        if line is None:
            line = WaitingLine(self._sleep, partial(self._buckets.give_back, bucket))
            self._lines[bucket] = line
        return line

    async def _wait(
        self,
        line: WaitingLine,
        place: Place,
        user_id: int,
        patience: Patience,
        check: Callable[[], Awaitable[None]],
    ) -> None:
        """Wait for a call's turn; it leaves the line where it goes away before. Raise Problem."""
        try:
            await check()
            with self._queued(user_id, place.wait):
                await _first_of(place.turn, patience.gone, patience.stopping)
        except BaseException:
            with self._excused():
                await line.leave(place)
            raise

    @contextmanager
    def _queued(self, user_id: int, wait: float) -> Iterator[None]:
        """Count a call of a user's among those that wait. Raise Problem where there are too many."""
        if self._waiting[user_id] >= MOST_WAITING:
            counters.call_paced("refused")
            told = f"{MOST_WAITING} calls of this user wait for their turn, and nothing was sent"
            raise Problem("amazon_throttled", told, retry_after=wait)
        self._waiting[user_id] += 1
        try:
            yield
        finally:
            self._waiting[user_id] -= 1
            if not self._waiting[user_id]:
                del self._waiting[user_id]

    @contextmanager
    def _excused(self) -> Iterator[None]:
        """Let what fails in the database be told once, and done without."""
        try:
            yield
        except VaultError as error:
            if not self._is_failing:
                events.warning(log, "calls_not_spaced", error=error.message)
            self._is_failing = True

    def _learn_rate(self, paced: Paced, told: str | None) -> None:
        """Keep the rate that Amazon names for a bucket, where it is another than the one gone by."""
        rate = _rate(told)
        if rate is None or rate == paced.plan.rate:
            return
        if paced.bucket not in self._rates and len(self._rates) >= _MOST_RATES:
            self._rates.clear()
        self._rates[paced.bucket] = rate


@lru_cache(_MOST_RATES)
def _plan(rate: float, burst: int) -> UsagePlan:
    """Return a usage plan, one for all calls: what follows from it is reckoned once."""
    return UsagePlan(rate, burst)


def _bucket_of(operation: Operation, region: Region, seller_id: str | None) -> str:
    """Return the name of what Amazon counts together."""
    whose = "the application" if operation.grantless else seller_id or "unknown"
    return f"{operation.key} {region} {whose}"


def _rate(told: str | None) -> float | None:
    """Return the calls a second that a header tells; None for what cannot be meant."""
    try:
        rate = float(told or "nan")
    except ValueError:
        return None
    return rate if _LOWEST_RATE <= rate <= _HIGHEST_RATE else None


def _too_late(paced: Paced, wait: float, deadline: float) -> Problem:
    """Return what to tell a call whose turn would come too late."""
    plan = paced.plan
    return Problem(
        "amazon_throttled",
        f"{paced.operation} may be called {plan.rate:g} times a second for {paced.whose}, {plan.burst} at "
        f"once; its turn would come in {math.ceil(wait)} s, the caller waits {deadline:g} s (X-Deadline), "
        "and nothing was sent",
        retry_after=wait,
    )


async def _first_of(turn: Awaitable[None], *watches: Watch | None) -> None:
    """Wait for a turn. Raise what one of the watches raises, where that comes first."""
    watching = [asyncio.ensure_future(watch()) for watch in watches if watch is not None]
    tasks = [asyncio.ensure_future(turn), *watching]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for failure in [watch.exception() for watch in watching if watch.done()]:
            if failure is not None:
                raise failure
    finally:
        for task in tasks:
            task.cancel()
