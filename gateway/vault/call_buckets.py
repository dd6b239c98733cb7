"""How many calls Amazon takes: a token bucket each, for every process on the database alike.

Amazon counts a usage plan as a token bucket: `burst` calls may come at once, and `rate` more a second ("Usage
Plans and Rate Limits in the Selling Partner API"). A row keeps when its bucket was full last and when it will
be full again. Of the calls since then the first `burst` may go at once, each later one an interval after the
one before. A call reaches Amazon up to a margin after it was let go, and only then begins Amazon to refill
its bucket, so each bucket is taken to be full that much later.

A slot is reserved in one statement, or not at all where it is further ahead than the caller waits. Times are
by the database's clock. A row that claims more than any caller could have reserved was written while the
clock was ahead, and counts as a full bucket.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil
from typing import Any

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    Text,
    bindparam,
    case,
    delete,
    literal,
    not_,
    or_,
    select,
    update,
)

from gateway.vault.database.engine import Database, DatabaseMilliseconds
from gateway.vault.database.holds import lasts
from gateway.vault.database.row_reader import RowReader
from gateway.vault.database.tables import call_buckets
from gateway.vault.database.upsert import upsert

# In milliseconds. So much later than it was let go a call may reach Amazon: as late as a crowd makes it, and
# less where a burst is over sooner, since its calls would have to be spaced further for that.
LONGEST_MARGIN = 1000
SHORTEST_MARGIN = 250
# In seconds. No caller waits longer.
LONGEST_WAIT = 300
# In milliseconds. A bucket is forgotten so long after it was full.
KEPT = 3_600_000
# In milliseconds. No published bucket takes longer to fill, by far.
_LONGEST = 24 * 3_600_000

_NOW = DatabaseMilliseconds()
_BUCKET = bindparam("bucket", type_=Text)
# How long one call takes to be refilled, and how long all of a burst.
_INTERVAL = bindparam("interval", type_=BigInteger)
_BURST = bindparam("burst", type_=BigInteger)
_MARGIN = bindparam("margin", type_=BigInteger)
_PATIENCE = bindparam("patience", type_=BigInteger)
_begun, _full = call_buckets.c.begun_ms, call_buckets.c.full_ms
_IS_FULL = not_(lasts(_full, bindparam("longest", type_=BigInteger)))
# By half an interval, as PostgreSQL reads its clock for each column anew.
_IN_BURST = _full + _INTERVAL // 2 - _begun <= _MARGIN + _BURST
_LATER = _NOW + _MARGIN
_FULL_THEN = case((_full > _LATER, _full), else_=_LATER)
_THIS_ONE = call_buckets.c.bucket == _BUCKET
# Those that are the same on both databases are made once: that costs about as much as sending one.
_ROW = select(_begun, _full, _NOW).where(_THIS_ONE)
_GIVE_BACK = (
    update(call_buckets)
    .where(_THIS_ONE, _full == bindparam("mark", type_=BigInteger))
    .values(full_ms=_full - _INTERVAL)
    .returning(_full)
)


@dataclass(frozen=True)
class UsagePlan:
    """How often an operation may be called: `rate` calls a second, `burst` at once."""

    rate: float
    burst: int

    @cached_property
    def interval(self) -> int:
        """The milliseconds from one call to the next, in a row without end.

        Where a burst is over sooner than the margin, a call that is late may not be followed too soon.
        """
        return self._interval + max(0, self.margin - (self.burst - 1) * self._interval)

    @cached_property
    def margin(self) -> int:
        """The milliseconds by which a call may be late."""
        return min(LONGEST_MARGIN, max(SHORTEST_MARGIN, (self.burst - 1) * self._interval))

    @property
    def _interval(self) -> int:
        return ceil(1000 / self.rate)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may go: `wait` seconds from now. `mark`: what the row has, None where it was not taken."""

    wait: float
    mark: int | None = None


@cache
def _take(dialect: str) -> ClauseElement:
    """Return the statement that reserves a slot, and returns no row where its time is too far ahead."""
    statement = upsert(
        dialect,
        call_buckets,
        [call_buckets.c.bucket],
        lambda new: {
            "begun_ms": case((_IS_FULL, new.begun_ms), else_=_begun + _FULL_THEN - _full),
            "full_ms": case((_IS_FULL, new.full_ms), else_=_FULL_THEN + _INTERVAL),
        },
        where=or_(_IS_FULL, _IN_BURST, _FULL_THEN + _INTERVAL - _BURST <= _NOW + _PATIENCE),
    )
    first = {"bucket": _BUCKET, "begun_ms": _NOW, "full_ms": _LATER + _INTERVAL}
    return statement.values(first).returning(_begun, _full, _NOW)


@cache
def _empty(dialect: str) -> ClauseElement:
    """Return the statement that notes that Amazon's bucket is empty, unless the row knows of even more."""
    statement = upsert(
        dialect,
        call_buckets,
        [call_buckets.c.bucket],
        lambda new: {"begun_ms": new.begun_ms, "full_ms": new.full_ms},
        where=or_(_IS_FULL, _full < _LATER + _BURST),
    )
    empty = {"bucket": _BUCKET, "begun_ms": _NOW, "full_ms": _LATER + _BURST}
    return statement.values(empty).returning(_full)


class CallBuckets:
    """The buckets of all operations. A bucket's name says what Amazon counts together."""

    def __init__(self, database: Database, rows: RowReader) -> None:
        self._database = database
        self._rows = rows
        self._dialect = database.dialect.name

    async def take(self, bucket: str, plan: UsagePlan, patience: float) -> Slot:
        """Reserve the next slot of a bucket, if it comes within `patience` seconds, LONGEST_WAIT at most.

        Return when it comes; without a mark it is too late, and was not reserved. Raise VaultError.
        """
        values = _values(bucket, plan)
        patience_ms = int(min(max(patience, 0), LONGEST_WAIT) * 1000)
        row = await self._rows.first(_take(self._dialect), values | {"patience": patience_ms})
        if row is not None:
            begun, full, now = row
            return Slot(_wait(begun, full, now, plan), full)
        row = await self._rows.first(_ROW, {"bucket": bucket})
        if row is None:  # it was forgotten in between
            return await self.take(bucket, plan, patience)
        begun, full, now = row
        return Slot(max(_wait(begun, max(full, now + plan.margin) + plan.interval, now, plan), 0.001))

    async def give_back(self, bucket: str, plan: UsagePlan, slot: Slot) -> bool:
        """Give back a slot that was reserved and not used; False where somebody has one after it.

        Raise VaultError.
        """
        values = {"bucket": bucket, "interval": plan.interval, "mark": slot.mark}
        return await self._rows.first(_GIVE_BACK, values) is not None

    async def empty(self, bucket: str, plan: UsagePlan) -> None:
        """Note that Amazon has no call left in a bucket. Raise VaultError."""
        await self._rows.first(_empty(self._dialect), _values(bucket, plan))

    def forget_old(self) -> None:
        """Forget the buckets that have been full for long. Raise VaultError."""
        old = not_(_full.between(_NOW - literal(KEPT), _NOW + literal(_LONGEST)))
        with self._database.changing() as connection:
            connection.execute(delete(call_buckets).where(old))


def _values(bucket: str, plan: UsagePlan) -> dict[str, Any]:
    """Return what the statements want to know of a bucket."""
    burst = plan.burst * plan.interval
    return {
        "bucket": bucket,
        "interval": plan.interval,
        "burst": burst,
        "margin": plan.margin,
        "longest": burst + plan.margin + LONGEST_WAIT * 1000,
    }


def _wait(begun: int, full: int, now: int, plan: UsagePlan) -> float:
    """Return the seconds until the last call that a row counts may go."""
    burst = plan.burst * plan.interval
    is_in_burst = full - plan.interval // 2 - begun <= plan.margin + burst
    return 0.0 if is_in_burst else max(full - burst - now, 0) / 1000
