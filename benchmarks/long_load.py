"""An hour of load on two gateways that are killed, beside a PostgreSQL that is restarted at once.

    .venv/bin/python -m benchmarks.long_load --seconds 3600 --stores 50000 --rate 40

The stores are those of the stand-in Amazon, so that at the end each refresh token can be shown to it. The
first gateway is killed once and then left alone: its memory is what is looked at. The second is killed again
and again. Callers take the other gateway where one fails, and repeat a call that failed at both.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.kept_tokens import account, add_sellers, open_with_consents
from benchmarks.load import processor_seconds
from benchmarks.steady_callers import SteadyCallers, every_so_often
from benchmarks.stores import closed_with_key, seller
from gateway.util.secret import Secret
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.postgresql import PostgreSQL, running_postgresql
from tests.support.replicas import Replica, replicas

SECONDS = 3600
STORES = 50_000
RATE = 40.0
LIFE = 3600  # seconds that a token lives, as Amazon's
KILL_EVERY = 300
DOWN = 5  # seconds that a killed gateway stays away
SAMPLE_EVERY = 60
AUTHORIZE_EVERY = 10
# Shares of all the time: when the first gateway is killed and the database restarted, and before the memory
# is looked at.
FIRST_KILL = 1 / 16
RESTARTS: tuple[float, ...] = (1 / 2, 3 / 4)
WARM_UP = 0.25
SETTINGS = {
    "GATEWAY_REFRESH_RATE": "20",
    "GATEWAY_REFRESH_UNUSED_HOURS": "2",
    # The same for both: a consent may come back to either.
    "GATEWAY_PUBLIC_URL": "http://localhost:8765",
}


@dataclass
class Watch:
    """What is looked at every minute: memory (MB) of each gateway by its process, and the database's size."""

    found: list[Replica]
    key: str
    amazon: Amazon
    address: str
    began: float = field(default_factory=time.monotonic)
    memory: list[dict[str, Any]] = field(default_factory=list)
    lease_waits: dict[int, tuple[float, float]] = field(default_factory=dict)
    refreshed: dict[int, float] = field(default_factory=dict)
    lag: list[float] = field(default_factory=list)
    disk: list[tuple[int, int, int]] = field(default_factory=list)
    away: list[float] = field(default_factory=list)

    def sample(self) -> None:
        """Look once; what does not answer just now is left out."""
        at = round(time.monotonic() - self.began)
        for number, replica in enumerate(self.found):
            process = replica.process
            if process is None:
                continue
            try:
                self.memory.append(
                    {
                        "at": at,
                        "gateway": number,
                        "pid": process.pid,
                        "mb": resident(process.pid),
                        "processor": round(processor_seconds(process.pid), 1),
                    }
                )
                self._counters(replica, process.pid)
            except OSError:
                continue
        try:
            with psycopg.connect(self.address) as connection:
                row = connection.execute(
                    "SELECT pg_database_size(current_database()), sum(size) FROM pg_ls_waldir()"
                ).fetchone()
                assert row is not None
                self.disk.append((at, int(row[0]), int(row[1])))
        except psycopg.Error:
            pass
        # The ledger keeps 200,000 calls, whose memory is not the gateways'.
        self.amazon.control("ledger/reset", {})
        print(f"{at} s: {self.memory[-2:]} {self.disk[-1:]}", file=sys.stderr, flush=True)

    def _counters(self, replica: Replica, pid: int) -> None:
        request = urllib.request.Request(replica.url + "/metrics", headers={"Authorization": self.key})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        values = {
            name: float(value)
            for name, _, value in (
                line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")
            )
        }
        self.lease_waits[pid] = (
            values.get("linkfox_lease_wait_seconds_count", 0.0),
            values.get("linkfox_lease_wait_seconds_sum", 0.0),
        )
        self.refreshed[pid] = sum(
            value for name, value in values.items() if name.startswith("linkfox_refreshes_total")
        )
        self.lag.append(values.get("linkfox_refresher_lag_seconds", 0.0))

    def summary(self) -> dict[str, Any]:
        """Return what was seen; the slope is that of the gateway that lived longest, after its warm-up."""
        lives: dict[int, list[dict[str, Any]]] = {}
        for each in self.memory:
            lives.setdefault(each["pid"], []).append(each)
        longest = max(lives.values(), key=lambda life: life[-1]["at"] - life[0]["at"])
        warm = [
            each
            for each in longest
            if each["at"] >= longest[0]["at"] + WARM_UP * (longest[-1]["at"] - longest[0]["at"])
        ]
        return {
            "gateway that lived longest, seconds": longest[-1]["at"] - longest[0]["at"],
            "its memory in MB, each minute": [each["mb"] for each in longest],
            "its memory after the warm-up, MB an hour": slope(
                [(each["at"] / 3600, each["mb"]) for each in warm]
            ),
            "share of a core that it took": round(
                (longest[-1]["processor"] - longest[0]["processor"])
                / max(1, longest[-1]["at"] - longest[0]["at"]),
                3,
            ),
            "memory in MB, most of each life": [max(each["mb"] for each in life) for life in lives.values()],
            "refreshes asked of Amazon": round(sum(self.refreshed.values())),
            "waits for another's refresh, and seconds in all": [
                round(sum(count for count, _ in self.lease_waits.values())),
                round(sum(seconds for _, seconds in self.lease_waits.values()), 1),
            ],
            "most that the refresher was behind, seconds": max(self.lag, default=0),
            "database restarts, seconds that each took": self.away,
            "database in MB, first and last": [
                round(each[1] / 1e6) for each in (self.disk[0], self.disk[-1])
            ],
            "database, MB an hour": slope([(at / 3600, size / 1e6) for at, size, _ in self.disk]),
            "write-ahead log kept in MB, most": round(max(each[2] for each in self.disk) / 1e6),
        }


def resident(pid: int) -> float:
    """Return a process's resident memory in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024, 1)


def slope(points: list[tuple[float, float]]) -> float:
    """Return how much the second value grows with each 1 of the first (least squares)."""
    if len({first for first, _ in points}) < 2:
        return 0.0
    return round(statistics.linear_regression(*zip(*points, strict=True)).slope, 2)


def kill(replica: Replica) -> Callable[[], None]:
    """Return what ends a gateway as a power cut does, and starts another in its place."""

    def act() -> None:
        replica.stop(signal.SIGKILL)
        time.sleep(DOWN)
        replica.start()

    return act


def restart(server: PostgreSQL) -> float:
    """Restart the database as a crash does: without a checkpoint, with a recovery. Return the seconds."""
    own = server.server
    began = time.monotonic()
    subprocess.run(
        [
            str(own.bin_path / "pg_ctl"),
            *("-w", "-t", "300", "-D", str(own.pgdata), "-l", str(own.log), "-m", "immediate", "restart"),
        ],
        check=True,
        user=own.system_user,
        cwd=str(own.pgdata),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server.start()
    return round(time.monotonic() - began, 1)


def plan(seconds: float, watch: Watch, server: PostgreSQL) -> list[tuple[float, Callable[[], None]]]:
    """Return what is to go wrong at which second."""
    first, second = watch.found
    kills = range(1, int((seconds - DOWN - SAMPLE_EVERY / 2) / KILL_EVERY) + 1)
    return [
        (seconds * FIRST_KILL, kill(first)),
        *((KILL_EVERY * number, kill(second)) for number in kills),
        *((seconds * share, lambda: watch.away.append(restart(server))) for share in RESTARTS),
    ]


def measure(options: argparse.Namespace, server: PostgreSQL, amazon: Amazon, folder: Path) -> dict[str, Any]:
    """Return the figures of one run."""
    address = server.database("long_load")
    url = Secret(address.replace("postgresql://", "postgresql+psycopg://"))
    amazon.control("settings", {"accessTokenSeconds": LIFE})
    key = closed_with_key(open_with_consents(amazon, folder / "seed", options.stores, LIFE, url))
    spare = range(options.stores, options.stores + max(1, int(options.seconds / AUTHORIZE_EVERY)))
    add_sellers(amazon, spare)
    with replicas(folder, address, amazon, **SETTINGS) as together:
        found = [together.add(), together.add()]
        callers = SteadyCallers(found, key, options.stores, options.rate)
        callers.authorize_and_remove(list(spare), AUTHORIZE_EVERY)
        watch = Watch(found, key, amazon, address)
        steps = plan(options.seconds, watch, server)
        callers.start()
        done = every_so_often(options.seconds, SAMPLE_EVERY, steps, watch.sample)
        told = callers.stop()
        watch.sample()
    kept = account(amazon, folder / "seed", url)
    sellers = kept.pop("sellers")
    expected = {seller(number) for number in range(options.stores)} | told.added - told.removed
    return {
        "seconds": options.seconds,
        "kills and database restarts, of those planned": [done, len(steps)],
        "calls": told.summary(),
        "tokens": {**kept, "stores that are missing": len(expected - sellers)},
        "gateways and database": watch.summary(),
    }


def main() -> None:
    """Print the figures as one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--stores", type=int, default=STORES)
    parser.add_argument("--rate", type=float, default=RATE, help="calls a second in all")
    options = parser.parse_args()
    with running_amazon() as amazon, running_postgresql() as server, tempfile.TemporaryDirectory() as name:
        figures = measure(options, server, amazon, Path(name))
    print(json.dumps({f"{options.stores} stores, {options.rate:g} calls a second": figures}, indent=2))


if __name__ == "__main__":
    main()
