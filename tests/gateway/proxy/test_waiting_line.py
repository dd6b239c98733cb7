"""Calls that wait in one process: which goes first, and what becomes of turns that nobody needs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.proxy.waiting_line import Place, WaitingLine
from gateway.vault.call_buckets import Slot, UsagePlan
from gateway.vault.errors import Unwritable

PLAN = UsagePlan(0.1, 1)


class House:
    """A line whose turns come when the test says so, and the end of a bucket that other processes share."""

    def __init__(self, give_back: Callable[[int], Awaitable[bool]] | None = None) -> None:
        self.line = WaitingLine(self._sleep, self._give_back)
        self.asked: list[int] = []
        self.theirs: set[int] = set()
        self._give_back_by = give_back
        self._timers: dict[float, asyncio.Event] = {}

    async def _sleep(self, seconds: float) -> None:
        await self._timers.setdefault(seconds, asyncio.Event()).wait()

    async def _give_back(self, _plan: UsagePlan, slot: Slot) -> bool:
        mark = slot.mark or 0
        self.asked.append(mark)
        if self._give_back_by is not None:
            return await self._give_back_by(mark)
        return not any(other > mark for other in self.theirs)

    def join(self, mark: int) -> Place:
        """Let a call join whose turn comes in `mark` seconds."""
        return self.line.join(PLAN, Slot(mark, mark))

    async def come(self, mark: int) -> None:
        """Let a turn come."""
        self._timers.setdefault(mark, asyncio.Event()).set()
        await settled()


async def settled() -> None:
    """Let everything run that need not wait."""
    for _ in range(10):
        await asyncio.sleep(0)


def gone(places: list[Place]) -> list[bool]:
    """Which of some calls may go."""
    return [place.turn.done() for place in places]


def run(story: Callable[[], Any]) -> None:
    """Play a story."""
    asyncio.run(story())


def test_those_behind_a_call_that_leaves_move_up() -> None:
    """And the latest turn is the one that is given back."""

    async def story() -> None:
        house = House()
        places = [house.join(mark) for mark in (10, 20, 30)]
        await house.line.leave(places[0])
        assert house.asked == [30]
        await house.come(10)
        assert gone(places) == [False, True, False]
        await house.come(20)
        assert gone(places) == [False, True, True]

    run(story)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_all_turns_of_a_crowd_that_leaves_are_given_back(order: tuple[int, ...]) -> None:
    """The latest first, one after the other."""

    async def story() -> None:
        house = House()
        places = [house.join(mark) for mark in (10, 20, 30, 40)]
        await asyncio.gather(*(house.line.leave(places[n]) for n in order))
        assert house.asked == [40, 30, 20, 10]
        assert house.line.join_unused(1000) is None

    run(story)


def test_a_slot_that_was_reserved_first_is_first_whichever_is_told_first() -> None:
    """No call waits longer than it was told."""

    async def story() -> None:
        house = House()
        later, sooner = house.join(20), house.join(10)
        await house.come(10)
        assert gone([later, sooner]) == [False, True]

    run(story)


def test_a_turn_that_cannot_be_given_back_is_for_who_comes_in_time() -> None:
    """Of several the soonest; who would not wait so long takes none, and one that passes is nobody's."""

    async def story() -> None:
        house = House()
        places = [house.join(mark) for mark in (100, 200)]
        house.theirs = {300}
        for place in places:
            await house.line.leave(place)
        assert house.line.join_unused(50) is None
        came = house.line.join_unused(150)
        assert came is not None
        assert 50 < came.wait <= 100
        await house.come(100)
        assert came.turn.done()
        await house.come(200)
        assert house.line.join_unused(1000) is None

    run(story)


def test_what_another_process_held_up_is_given_back_with_the_next() -> None:
    """As soon as nobody comes after it any more."""

    async def story() -> None:
        house = House()
        places = [house.join(mark) for mark in (10, 20)]
        house.theirs = {30}
        await house.line.leave(places[0])
        house.theirs = set()
        await house.line.leave(places[1])
        assert house.asked == [20, 20, 10]

    run(story)


def test_a_turn_that_is_being_given_back_lets_nobody_go() -> None:
    """It may be another process's already."""
    answer = asyncio.Event()

    async def slow(_mark: int) -> bool:
        await answer.wait()
        return True

    async def story() -> None:
        house = House(slow)
        leaving = asyncio.create_task(house.line.leave(house.join(10)))
        await settled()
        assert house.line.join_unused(1000) is None
        place = house.join(11)
        await house.come(10)
        assert not place.turn.done()
        answer.set()
        await leaving
        await house.come(11)
        assert place.turn.done()

    run(story)


def test_a_database_that_fails_meanwhile_costs_one_turn() -> None:
    """Which is nobody's then; those who wait keep theirs."""

    async def fails(_mark: int) -> bool:
        raise Unwritable("the disk is full", "make room")

    async def story() -> None:
        house = House(fails)
        places = [house.join(mark) for mark in (10, 20)]
        with pytest.raises(Unwritable):
            await house.line.leave(places[0])
        await house.come(20)
        assert not places[1].turn.done()
        await house.come(10)
        assert places[1].turn.done()

    run(story)
