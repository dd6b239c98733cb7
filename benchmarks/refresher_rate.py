"""How fast the refreshers of two gateways on one PostgreSQL renew 20,000 stores, beside a slow Amazon.

    .venv/bin/python -m benchmarks.refresher_rate [STORES]

Each call takes 200 ms at the stand-in. All stores are due at once, which is the worst that there is.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import processor_seconds
from benchmarks.stores import open_seeded
from gateway.util.secret import Secret
from tests.support.gateway_server import Amazon
from tests.support.house import ROOT, call_json
from tests.support.postgresql import running_postgresql
from tests.support.replicas import Replicas, replicas

STORES = 20_000
GATEWAYS = 2
MILLISECONDS = 200
SETTINGS = {"GATEWAY_REFRESH_RATE": "1000", "GATEWAY_REFRESH_CONCURRENCY": "64"}
LONGEST = 900
# Seconds in which every gateway looks for due stores once more.
ROUND = 6
CREDENTIALS = {"appId": "amzn1.sp.solution.bench", "clientId": "bench", "clientSecret": "bench"}


@contextmanager
def slow_amazon(milliseconds: int = MILLISECONDS) -> Iterator[Amazon]:
    """The stand-in that only takes its time."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(ROOT / "benchmarks" / "slow_amazon.py"), str(milliseconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield Amazon(f"http://127.0.0.1:{port}", CREDENTIALS, CREDENTIALS)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@dataclass
class Run:
    """What was measured: the stand-in's counts, and each gateway's processor seconds."""

    counts: dict[str, Any]
    processor: list[float]


def refresh_all(together: Replicas, amazon: Amazon, stores: int, gateways: int, wait: float) -> Run:
    """Start gateways, wait until they have refreshed everything, and then so many seconds more."""
    found = [together.add() for _ in range(gateways)]
    pids = [replica.process.pid for replica in found if replica.process is not None]
    idle = [processor_seconds(pid) for pid in pids]
    deadline = time.monotonic() + LONGEST
    counts: dict[str, Any] = {"answered": 0}
    while counts["answered"] < stores and time.monotonic() < deadline:
        time.sleep(0.2)
        counts = call_json(amazon.url + "/counts")
    used = [processor_seconds(pid) - before for pid, before in zip(pids, idle, strict=True)]
    # A whole round later nothing may have been asked for twice.
    time.sleep(wait)
    return Run(call_json(amazon.url + "/counts"), used)


def measure(stores: int, gateways: int) -> dict[str, Any]:
    """Return the figures for so many stores and gateways."""
    with running_postgresql() as server, slow_amazon() as amazon, tempfile.TemporaryDirectory() as name:
        folder, address = Path(name), server.database("stores")
        url = Secret(address.replace("postgresql://", "postgresql+psycopg://"))
        open_seeded(amazon, folder / "seed", stores, life=60, refreshed=3540, database_url=url).close()
        with replicas(folder, address, amazon, **SETTINGS) as together:
            run = refresh_all(together, amazon, stores, gateways, ROUND)
    seconds = run.counts["seconds"]
    return {
        "gateways": gateways,
        "stores": run.counts["stores"],
        "calls": run.counts["calls"],
        "most calls for one store": run.counts["most"],
        "seconds": round(seconds, 1),
        "refreshes a second": round(run.counts["answered"] / seconds, 1),
        "share of a core, each gateway": [round(used / seconds, 2) for used in run.processor],
        "gateway processor milliseconds a refresh": round(
            sum(run.processor) / run.counts["answered"] * 1000, 2
        ),
    }


def main() -> None:
    """Print the figures as one JSON document."""
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else STORES
    print(
        json.dumps({f"{stores} stores, Amazon takes {MILLISECONDS} ms": measure(stores, GATEWAYS)}, indent=2)
    )


if __name__ == "__main__":
    main()
