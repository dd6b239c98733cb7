"""The calls of one process that wait for one bucket of Amazon's, first come, first served.

A turn that was reserved is the line's, not a call's: whichever comes next is for the first call. So where a
call goes away, all behind it move up, and the latest turn is left over. That one is given back, as only the
last turn of a bucket can be. Where another process has a later one it is kept, for a call that comes yet.
"""

import asyncio
from bisect import bisect, insort
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from operator import attrgetter

from gateway.tokens.retries import Sleep
from gateway.vault.call_buckets import Slot, UsagePlan

GiveBack = Callable[[UsagePlan, Slot], Awaitable[bool]]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A call's place in a line: it may go when `turn` is done, in `wait` seconds or sooner."""

    wait: float
    turn: asyncio.Future[None]


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """A slot, reserved by a plan; it comes at `due`, by the loop's clock, when `timer` ends."""

    slot: Slot
    plan: UsagePlan
    due: float
    timer: asyncio.Future[None]


_DUE = attrgetter("due")


class WaitingLine:
    """The calls that wait, and the turns reserved for them: never fewer turns than calls."""

    def __init__(self, sleep: Sleep, give_back: GiveBack) -> None:
        """`give_back`: whether it could give a slot back."""
        self._sleep = sleep
        self._give_back = give_back
        self._places: list[Place] = []
        # Sorted by the time at which they come.
        self._turns: list[_Turn] = []
        self._giving_back = asyncio.Lock()

    def join(self, plan: UsagePlan, slot: Slot) -> Place:
        """Add a call and the slot that was reserved for it."""
        due = asyncio.get_running_loop().time() + slot.wait
        turn = _Turn(slot, plan, due, asyncio.ensure_future(self._sleep(slot.wait)))
        turn.timer.add_done_callback(lambda _: self._come(turn))
        position = bisect(self._turns, due, key=_DUE)
        self._turns.insert(position, turn)
        return self._add(position, slot.wait)

    def join_unused(self, patience: float) -> Place | None:
        """Add a call for which a turn is left over; None where none comes within `patience` seconds."""
        if len(self._turns) == len(self._places):
            return None
        unused = self._turns[len(self._places)]
        wait = max(unused.due - asyncio.get_running_loop().time(), 0)
        return self._add(len(self._places), wait) if wait <= patience else None

    async def leave(self, place: Place) -> None:
        """Remove a call that goes away; give back what no call needs, the latest first. Raise VaultError."""
        if place in self._places:
            self._places.remove(place)
        async with self._giving_back:
            while len(self._turns) > len(self._places):
                turn = self._turns.pop()  # nobody may be let go by it while it is given back
                if not await self._give_back(turn.plan, turn.slot):
                    if not turn.timer.done():
                        insort(self._turns, turn, key=_DUE)
                    return
                turn.timer.cancel()

    def _add(self, position: int, wait: float) -> Place:
        place = Place(wait, asyncio.get_running_loop().create_future())
        self._places.insert(position, place)
        return place

    def _come(self, turn: _Turn) -> None:
        """Let the first call go, unless the turn is being given back."""
        if turn not in self._turns:
            return
        self._turns.remove(turn)
        if self._places:
            self._places.pop(0).turn.set_result(None)
