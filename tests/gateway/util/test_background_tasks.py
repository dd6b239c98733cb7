"""Work that nobody has to wait for: it comes to its end, and a failure of it is told."""

import asyncio

from gateway.util.background_tasks import BackgroundTasks


def test_all_of_it_is_waited_for_and_what_it_begins_too() -> None:
    """However it ends."""
    done: list[str] = []
    failed: list[BaseException] = []

    async def story() -> None:
        tasks = BackgroundTasks(failed.append)

        async def first() -> None:
            await asyncio.sleep(0)
            tasks.begin(second())
            done.append("first")

        async def second() -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done.append("second")

        async def third() -> None:
            raise KeyError("third")

        tasks.begin(first())
        tasks.begin(third())
        tasks.begin(asyncio.Event().wait()).cancel()
        await tasks.finish_all()
        assert done == ["first", "second"]

    asyncio.run(story())
    assert [type(error) for error in failed] == [KeyError]


def test_its_result_is_for_who_waits() -> None:
    """And waiting behind a shield cancels nothing."""

    async def story() -> None:
        tasks = BackgroundTasks()
        go_on = asyncio.Event()

        async def work() -> str:
            await go_on.wait()
            return "done"

        task = tasks.begin(work())
        waiting = asyncio.ensure_future(asyncio.shield(task))
        await asyncio.sleep(0)
        waiting.cancel()
        go_on.set()
        assert await task == "done"

    asyncio.run(story())
