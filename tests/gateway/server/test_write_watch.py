"""When a connection is given up whose client takes nothing of its answer."""

import asyncio
from collections.abc import Callable

from gateway.server.write_watch import STALLED_SECONDS, WriteWatch
from tests.support.connections import Connection, SteppedLoop


class Watched:
    """A connection with its watch, which aborts it."""

    def __init__(self, unsent: int) -> None:
        self.loop = SteppedLoop()
        self.connection = Connection()
        self.connection.unsent = unsent
        self.watch = WriteWatch(self.connection, self.loop, self.connection.abort)  # type: ignore[arg-type]
        self.watch.begin()

    @property
    def given_up(self) -> bool:
        """Whether it was ended."""
        return self.connection.aborted


def played(story: Callable[[], None]) -> None:
    """Run a story on an event loop."""

    async def on_a_loop() -> None:
        story()

    asyncio.run(on_a_loop())


def test_a_client_that_takes_nothing_is_given_up() -> None:
    """After thirty seconds, and not before."""

    def story() -> None:
        watched = Watched(100_000)
        watched.loop.step(STALLED_SECONDS - 1)
        assert not watched.given_up
        watched.watch.begin()  # a later answer is the same connection's
        watched.loop.step(1)
        assert watched.given_up

    played(story)


def test_a_slow_client_is_waited_for() -> None:
    """As long as it takes anything: fewer bytes are left, or more was written since."""

    def story() -> None:
        watched = Watched(100_000)
        for taken in range(1, 5):
            watched.connection.unsent = 100_000 - taken
            watched.loop.step(STALLED_SECONDS)
        for _ in range(4):
            watched.watch.moved()
            watched.loop.step(STALLED_SECONDS)
        assert not watched.given_up
        watched.loop.step(STALLED_SECONDS)
        assert watched.given_up

    played(story)


def test_nothing_is_watched_where_nothing_is_left() -> None:
    """Neither at first nor once all was taken; the next answer is watched again."""

    def story() -> None:
        watched = Watched(0)
        assert watched.loop.calls == []
        watched.connection.unsent = 5
        watched.watch.begin()
        watched.connection.unsent = 0
        watched.loop.step(STALLED_SECONDS)
        assert watched.loop.calls == []
        watched.connection.unsent = 5
        watched.watch.begin()
        watched.loop.step(STALLED_SECONDS)
        assert watched.given_up

    played(story)
