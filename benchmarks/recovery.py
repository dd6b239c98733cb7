"""How long callers are without an answer after a replica is killed, and after PostgreSQL restarts.

    .venv/bin/python -m benchmarks.recovery

Two gateways on one PostgreSQL, callers that ask one after the other all the time and take the other gateway
where one does not answer, as behind a load balancer. The medians of several times are told.
"""

import json
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.stores import closed_with_key, open_seeded, seller
from gateway.util.secret import Secret
from tests.support.gateway_server import running_amazon
from tests.support.postgresql import PostgreSQL, running_postgresql
from tests.support.replicas import Replica, Replicas, replicas

STORES = 50
CALLERS = 4
PAUSE = 0.0  # seconds between a caller's calls
TIMES = 5
# Seconds: for calls under way at a kill to end, and between one time and the next.
ENDING = 0.5
REST = 1


class Load:
    """Callers that ask all the time. `good`: when calls were answered; `failed`: when one failed at both."""

    def __init__(self, found: list[Replica], key: str) -> None:
        self._found = found
        self._key = key
        self._over = threading.Event()
        self.good: list[float] = []
        self.longest = 0.0
        self.first_try_failed = 0
        self.failed: list[float] = []
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _ask(self, number: int) -> None:
        turn = number
        while not self._over.wait(PAUSE):
            turn += 1
            began = time.monotonic()
            body = {"sellerId": seller(turn % STORES), "region": "NA"}
            order = (self._found[turn % 2], self._found[(turn + 1) % 2])
            for attempt, replica in enumerate(order):
                if replica.status("/spApi/storeTokens", body, self._key) == 200:
                    self.good.append(time.monotonic())
                    self.longest = max(self.longest, time.monotonic() - began)
                    self.first_try_failed += attempt
                    break
            else:
                self.failed.append(time.monotonic())

    def stop(self) -> None:
        """End the callers."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def first_good_after(self, moment: float) -> float:
        """Wait for the next answer and return the seconds until it."""
        while not self.good or self.good[-1] <= moment:
            time.sleep(0.001)
        return next(at for at in self.good if at > moment) - moment


def killed(together: Replicas, found: list[Replica], load: Load) -> tuple[float, float]:
    """Kill a replica; return how long a call took at the longest, and until a new one took requests."""
    load.longest = 0.0
    moment = time.monotonic()
    found[0].stop(signal.SIGKILL)
    load.first_good_after(time.monotonic())
    time.sleep(ENDING)
    longest = load.longest
    found[0].start()
    return longest, time.monotonic() - moment - ENDING


def restarted(server: PostgreSQL, load: Load) -> tuple[float, float]:
    """Restart the database; return how many seconds it was away, and from its return to the next answer."""
    moment = time.monotonic()
    server.stop()
    server.start()
    back = time.monotonic()
    return back - moment, load.first_good_after(back)


def several(work: Callable[[], Any]) -> list[Any]:
    """Do it so many times, with a rest in between."""
    results = []
    for _ in range(TIMES):
        results.append(work())
        time.sleep(REST)
    return results


def main() -> None:
    """Print the figures as one JSON document."""
    with running_amazon() as amazon, running_postgresql() as server, tempfile.TemporaryDirectory() as name:
        folder, address = Path(name), server.database("recovery")
        url = Secret(address.replace("postgresql://", "postgresql+psycopg://"))
        key = closed_with_key(open_seeded(amazon, folder / "seed", STORES, database_url=url))
        with replicas(folder, address, amazon) as together:
            found = [together.add(), together.add()]
            load = Load(found, key)
            load.first_good_after(time.monotonic())
            kills = several(lambda: killed(together, found, load))
            failed_by_kills = len(load.failed)
            restarts = several(lambda: restarted(server, load))
            load.stop()
    figures = {
        "a replica is killed": {
            "seconds that the longest call took": round(statistics.median(one for one, _ in kills), 3),
            "calls that failed at both": failed_by_kills,
            "seconds until a new one serves": round(statistics.median(two for _, two in kills), 2),
        },
        "PostgreSQL restarts": {
            "seconds that it was away": round(statistics.median(one for one, _ in restarts), 2),
            "seconds from its return to the next answer": round(
                statistics.median(two for _, two in restarts), 3
            ),
            "the same, longest": round(max(two for _, two in restarts), 3),
            "calls that failed meanwhile": len(load.failed) - failed_by_kills,
        },
        "calls answered": len(load.good),
        "calls that took the other gateway": load.first_try_failed,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
