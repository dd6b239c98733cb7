"""How many calls of a bucket may go, and when: on both databases, and for all processes together.

A database's clock cannot be set here: a row is made older instead, which is the same to who reads it.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import func, select, text

from gateway.settings.settings import Settings
from gateway.vault import call_buckets
from gateway.vault.call_buckets import KEPT, LONGEST_MARGIN, LONGEST_WAIT, Slot, UsagePlan
from gateway.vault.database import sqlite_writer
from gateway.vault.database.tables import call_buckets as table
from gateway.vault.errors import VaultError
from gateway.vault.vault import DATABASE_FILE, Vault
from tests.support.token_bucket import refused

SLOW = UsagePlan(0.0167, 3)
QUICK = UsagePlan(10.0, 10)
LONG = 60.0  # seconds: longer than a test takes on any machine


def take(vault: Vault, bucket: str = "orders", plan: UsagePlan = SLOW, patience: float = 0) -> Slot:
    """Take one slot."""
    return asyncio.run(vault.call_buckets.take(bucket, plan, patience))


def older(vault: Vault, seconds: float) -> None:
    """Let so many seconds pass for every bucket."""
    with vault.database.writing() as connection:
        ahead = {"ms": int(seconds * 1000)}
        connection.execute(
            text("UPDATE call_buckets SET begun_ms = begun_ms - :ms, full_ms = full_ms - :ms"), ahead
        )


def rows(vault: Vault) -> int:
    """How many buckets are kept."""
    with vault.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_burst_goes_at_once_and_then_nobody_who_does_not_wait(
    vault: Vault, open_another: Callable[[], Vault]
) -> None:
    """Counted in all processes; each is told the same time, and another bucket is another's."""
    both = [vault, open_another()]
    assert [take(both[n % 2]).wait for n in range(SLOW.burst)] == [0.0] * SLOW.burst
    for each in both:
        slot = take(each)
        assert slot.mark is None
        assert LONG - 30 < slot.wait <= LONG + LONGEST_MARGIN / 1000
    assert take(vault, "another").wait == 0


def test_who_waits_gets_the_next_slots_in_order_and_who_would_wait_too_long_takes_none(vault: Vault) -> None:
    """A refusal reserves nothing: the next one is told the same."""
    plan = UsagePlan(0.02, 1)
    assert take(vault, plan=plan).wait == 0
    waits = [take(vault, plan=plan, patience=175) for _ in range(4)]
    assert [slot.mark is not None for slot in waits] == [True, True, True, False]
    assert [round(slot.wait / 50) for slot in waits] == [1, 2, 3, 4]
    assert round(take(vault, plan=plan).wait / 50) == 4
    assert round(take(vault, plan=plan, patience=225).wait / 50) == 4


def test_nobody_waits_longer_than_the_longest_wait(vault: Vault) -> None:
    """Whatever was asked for."""
    plan = UsagePlan(1 / LONGEST_WAIT, 1)
    take(vault, plan=plan)
    assert take(vault, plan=plan, patience=10 * LONGEST_WAIT).mark is None


def test_what_time_brings_may_be_used_at_once(vault: Vault) -> None:
    """One call for each interval, and all of the burst after all of them."""
    for _ in range(SLOW.burst):
        take(vault)
    older(vault, SLOW.interval / 1000 + LONGEST_MARGIN / 1000)
    assert [take(vault).mark is None for _ in range(2)] == [False, True]
    older(vault, SLOW.burst * SLOW.interval / 1000 + LONGEST_MARGIN / 1000 + SLOW.interval / 1000)
    assert [take(vault).wait for _ in range(SLOW.burst)] == [0.0] * SLOW.burst


@pytest.mark.parametrize("plan", [SLOW, QUICK, UsagePlan(2.0, 2), UsagePlan(0.5, 1), UsagePlan(80.0, 100)])
def test_amazon_refuses_none_whatever_comes_when_and_none_waits_longer_than_it_must(
    vault: Vault, plan: UsagePlan
) -> None:
    """Calls that reach Amazon up to the margin late. Of what Amazon would take, nearly all goes."""
    chance = random.Random(plan.burst)
    buckets, passed = vault.call_buckets, 0.0
    arrivals: list[float] = []
    unit = plan.interval / 1000

    async def some(count: int) -> None:
        for _ in range(count):
            slot = await buckets.take("orders", plan, min(3 * unit, LONG))
            if slot.mark is not None:
                let_go = time.time() + passed + slot.wait
                arrivals.append(let_go + chance.uniform(0.002, plan.margin / 1000 - 0.05))

    began = time.time()
    for _ in range(12):
        asyncio.run(some(chance.choice([1, 2, plan.burst, 2 * plan.burst])))
        pause = chance.choice([0.3, 1, plan.burst]) * unit
        older(vault, pause)
        passed += int(pause * 1000) / 1000
    asyncio.run(some(2 * plan.burst + 3))
    assert refused(arrivals, plan.rate, plan.burst) == 0
    assert len(arrivals) > plan.burst
    # The last burst was more than there is: a call that comes after the last one's time is taken.
    assert max(arrivals) - began <= passed + (time.time() - began) + 3 * unit + LONGEST_MARGIN / 1000


def test_two_processes_share_a_bucket_without_one_call_too_many(
    vault: Vault, open_another: Callable[[], Vault]
) -> None:
    """Each call of a crowd has a slot of its own, one interval after the other."""
    plan = UsagePlan(0.02, 5)

    async def crowd() -> list[Slot]:
        buckets = [vault.call_buckets, open_another().call_buckets] * 15
        return await asyncio.gather(*(each.take("orders", plan, 220) for each in buckets))

    slots = asyncio.run(crowd())
    waits = sorted(slot.wait for slot in slots if slot.mark is not None)
    assert waits[:5] == [0.0] * 5
    assert [round(wait / 50) for wait in waits[5:]] == list(range(1, len(waits) - 4))
    assert {slot.mark is None for slot in slots} == {True, False}


def test_a_slot_that_is_given_back_is_the_next_ones(vault: Vault) -> None:
    """The last one; one that others come after is lost."""
    plan = UsagePlan(0.02, 1)
    take(vault, plan=plan)
    one, two = (take(vault, plan=plan, patience=LONGEST_WAIT) for _ in range(2))
    for slot, expected in ((one, 3), (two, 3), (two, 3)):
        asyncio.run(vault.call_buckets.give_back("orders", plan, slot))
        assert round(take(vault, plan=plan).wait / 50) == expected - (slot is two)


def test_a_bucket_that_amazon_finds_empty_is_empty(vault: Vault) -> None:
    """One that was not known, too; and who has a slot far ahead keeps it."""
    plan = UsagePlan(0.02, 5)
    for bucket in ("orders", "unknown"):
        if bucket == "orders":
            take(vault, plan=plan)
        asyncio.run(vault.call_buckets.empty(bucket, plan))
        slot = take(vault, bucket, plan)
        assert slot.mark is None
        assert 25 < slot.wait <= 50 + LONGEST_MARGIN / 1000
    for _ in range(3):
        last = take(vault, "orders", plan, LONGEST_WAIT)
    asyncio.run(vault.call_buckets.empty("orders", plan))
    assert take(vault, "orders", plan).wait > last.wait + 25


@pytest.mark.parametrize("hours", [8, -8])
def test_a_clock_that_was_wrong_lets_nobody_wait(vault: Vault, hours: int) -> None:
    """It was set right since: nobody knows how full the bucket is, so it is full."""
    for _ in range(SLOW.burst):
        take(vault)
    older(vault, -hours * 3600)
    assert [take(vault).wait for _ in range(SLOW.burst)] == [0.0] * SLOW.burst
    assert take(vault).mark is None


def test_a_clock_that_was_a_little_ahead_is_believed_for_as_long_as_a_bucket_fills(
    vault: Vault,
) -> None:
    """By no more than any caller might have reserved."""
    for _ in range(SLOW.burst):
        take(vault)
    older(vault, -LONG)
    assert take(vault).wait < 2 * LONG + 2


def test_buckets_are_forgotten_when_they_have_long_been_full(vault: Vault) -> None:
    """Those of a clock that was ahead, too; none that counts."""
    take(vault, "old")
    older(vault, KEPT / 1000 + LONG)
    take(vault, "of days to come")
    older(vault, -100 * 3600)
    older(vault, 0)
    take(vault, "now")
    vault.call_buckets.forget_old()
    assert rows(vault) == 1
    assert take(vault, "now").wait == 0


def test_a_rate_is_spaced_upwards() -> None:
    """Never a call more than Amazon takes, for a fraction of a millisecond."""
    assert [UsagePlan(rate, 30).interval for rate in (80, 10, 0.0167, 0.0056)] == [13, 100, 59881, 178572]


def test_on_postgresql_the_table_is_not_logged(vault: Vault) -> None:
    """A commit that changes such tables alone does not wait for the disk."""
    if vault.database.is_sqlite:
        pytest.skip("SQLite has a way of its own")
    kind = text("SELECT relpersistence FROM pg_class WHERE relname = 'call_buckets'")
    with vault.database.reading() as connection:
        assert connection.execute(kind).scalar_one() == "u"


def test_a_row_that_is_forgotten_in_between_is_made_anew(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the refusal and the look at what it was about."""
    for _ in range(SLOW.burst):
        take(vault)
    first = vault.changed_rows.first

    async def forgetting(statement: object, values: dict[str, object]) -> object:
        if statement is call_buckets._ROW:
            with vault.database.writing() as connection:
                connection.execute(table.delete())
        return await first(statement, values)  # type: ignore[arg-type]

    monkeypatch.setattr(vault.changed_rows, "first", forgetting)
    assert take(vault).wait == 0


class TestOnSQLite:
    """Where statements run on the event loop's own thread."""

    @pytest.fixture
    def database_url(self) -> None:
        """No PostgreSQL."""

    def test_another_write_is_waited_for(self, vault: Vault, settings: Settings) -> None:
        """From the event loop, where everything else goes on."""

        async def story() -> Slot:
            with closing(sqlite3.connect(settings.data_dir / DATABASE_FILE, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                taking = asyncio.create_task(vault.call_buckets.take("orders", SLOW, 0))
                for _ in range(3):
                    await asyncio.sleep(0)
                assert not taking.done()
                other.execute("COMMIT")
                return await taking

        assert asyncio.run(story()).wait == 0

    def test_one_that_does_not_end_is_told(
        self, vault: Vault, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a sentence."""
        monkeypatch.setattr(sqlite_writer, "BUSY_SECONDS", 0)
        with closing(sqlite3.connect(settings.data_dir / DATABASE_FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(VaultError, match="locked by another"):
                take(vault)

    def test_the_disk_is_not_waited_for(self, vault: Vault) -> None:
        """Nor a checkpoint made, which would wait for it."""
        connection = vault.changed_rows._connection  # type: ignore[attr-defined]
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
        assert connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
