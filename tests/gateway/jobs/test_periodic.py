"""The one mechanism under everything that runs by itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from gateway.jobs.periodic import PeriodicJob
from gateway.util import counters
from gateway.vault.errors import VaultError

PATIENCE = 30.0


async def rounds(count: int, each: Callable[[int], Awaitable[None]], *, seconds: float = 0.0) -> None:
    """Run a job until `each` was called so often with the number of the round, and stop it."""
    done = 0
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal done
        done += 1
        if done >= count:
            enough.set()
        await each(done)

    job = PeriodicJob("job", work, seconds)
    job.start()
    await asyncio.wait_for(enough.wait(), PATIENCE)
    await job.stop()


@pytest.mark.parametrize(
    ("failure", "logged"),
    [
        (VaultError("the database is locked", "Wait.", retryable=True), 'error="the database is locked"'),
        (RuntimeError("Atzr|of somebody"), "type=RuntimeError"),
        (asyncio.CancelledError(), "type=CancelledError"),
        (AssertionError("no"), "type=AssertionError"),
    ],
)
def test_a_round_that_fails_is_logged_and_followed_by_the_next(
    failure: BaseException, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the failure is; the text of one that nobody foresaw is not logged."""

    async def fails(number: int) -> None:
        if number < 3:
            raise failure

    with caplog.at_level(logging.WARNING):
        asyncio.run(rounds(3, fails))
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"round_failed job=job {logged}"] * 2


def test_one_that_keeps_failing_is_known_until_a_round_succeeds() -> None:
    """From the third failure in a row on; each is counted."""
    failing: list[bool] = []
    done = asyncio.Event()

    async def run() -> None:
        async def work() -> None:
            failing.append(job.is_failing)
            if len(failing) == 6:
                done.set()
            if len(failing) != 5:
                raise RuntimeError

        job = PeriodicJob("a_job_of_this_test", work, 0.0)
        job.start()
        await asyncio.wait_for(done.wait(), PATIENCE)
        await job.stop()

    asyncio.run(run())
    assert failing[:6] == [False, False, False, True, True, False]
    counted = counters.REGISTRY.get_sample_value("linkfox_rounds_failed_total", {"job": "a_job_of_this_test"})
    assert counted is not None
    assert counted >= 5


def test_stopping_waits_for_the_round_under_way_and_begins_no_other() -> None:
    """And tells it to end soon, once."""

    async def run() -> list[str]:
        events: list[str] = []
        begun, ending = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            events.append("begun")
            begun.set()
            await ending.wait()
            events.append("ended")

        def cut_short() -> None:
            events.append("cut short")
            ending.set()

        job = PeriodicJob("job", work, 0.0, at_once=True, cut_short=cut_short)
        job.start()
        await asyncio.wait_for(begun.wait(), PATIENCE)
        await job.stop()
        return events

    assert asyncio.run(run()) == ["begun", "cut short", "ended"]


def test_one_that_waits_is_stopped_at_once() -> None:
    """Its pause is not waited for, and it has not begun."""

    async def run() -> int:
        called = 0

        async def work() -> None:
            nonlocal called
            called += 1

        job = PeriodicJob("job", work, 86_400.0)
        job.start()
        await asyncio.wait_for(job.stop(), PATIENCE)
        return called

    assert asyncio.run(run()) == 0


def test_one_that_was_never_started_can_be_stopped() -> None:
    """A gateway that fails while it starts has such jobs."""

    async def work() -> None:
        raise AssertionError

    asyncio.run(PeriodicJob("job", work, 1.0).stop())
