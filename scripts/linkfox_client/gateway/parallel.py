"""Many calls at once, over the connections of one session."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from linkfox_client.errors import ClientError

WORKERS = 8
LONGEST_PAUSE_OF_PROGRESS = 0.5  # seconds

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int = WORKERS,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[Result | ClientError]:
    """Return `function(item)` for each item, at most `workers` at a time.

    Results come in the order of the items, a ClientError in the place of one that failed; any other
    exception ends the whole. `progress(done, total)` is called as they come in, in the caller's thread.
    """
    waiting: queue.SimpleQueue[tuple[int, Item]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    total = 0
    for numbered in enumerate(items):
        waiting.put(numbered)
        total += 1

    def work() -> None:
        while True:
            try:
                number, item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((number, function(item)))
            except BaseException as error:  # handed to the caller's thread
                done.put((number, error))

    # Daemons: after Ctrl-C the process ends without waiting for answers that nobody reads.
    for _ in range(min(workers, total)):
        threading.Thread(target=work, daemon=True).start()
    results: dict[int, Any] = {}
    while len(results) < total:
        progress(len(results), total)
        # With a time limit, since on Windows Ctrl-C does not end a wait without one.
        with contextlib.suppress(queue.Empty):
            number, result = done.get(timeout=LONGEST_PAUSE_OF_PROGRESS)
            results[number] = result
    for result in results.values():
        if isinstance(result, BaseException) and not isinstance(result, ClientError):
            raise result
    return [results[number] for number in range(total)]
