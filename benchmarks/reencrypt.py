"""Changing the master key of 20,000 stores while they are served: how long it takes, and what fails.

    .venv/bin/python -m benchmarks.reencrypt [STORES]

One gateway on SQLite and one on PostgreSQL, one after the other, each with callers that read all the time.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.stores import closed_with_key, open_seeded, seller
from gateway.util.secret import Secret
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.house import ROOT
from tests.support.postgresql import running_postgresql
from tests.support.replicas import Replica, replicas
from tests.support.vaults import MASTER_KEY

STORES = 20_000
CALLERS = 2
PAUSE = 0.0  # seconds between a caller's calls
# So many calls are answered before the key is changed.
CALLS_BEFORE = 3_000


def ask(
    replica: Replica, key: str, stores: int, over: threading.Event, told: list[tuple[int, float]]
) -> None:
    """Read one store after the other, and note each status and its milliseconds."""
    turn = 0
    while not over.wait(PAUSE):
        turn += 7919
        began = time.perf_counter()
        status = replica.status(
            "/spApi/storeTokens", {"sellerId": seller(turn % stores), "region": "NA"}, key
        )
        told.append((status, (time.perf_counter() - began) * 1000))


def percentile(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 1)


def rotated(amazon: Amazon, folder: Path, address: str, stores: int) -> dict[str, Any]:
    """Change the key under load."""
    key_file = folder / "master.key"
    folder.mkdir(parents=True, exist_ok=True)
    key_file.write_text(MASTER_KEY.reveal())
    key_file.chmod(0o600)
    new_file = folder / "new.key"
    new_file.write_text(base64.b64encode(os.urandom(32)).decode())
    new_file.chmod(0o600)
    with replicas(folder, address, amazon) as together:
        url = Secret(address.replace("postgresql://", "postgresql+psycopg://")) if address else None
        key = closed_with_key(open_seeded(amazon, folder / "replica0" / "data", stores, database_url=url))
        replica = together.add(GATEWAY_MASTER_KEY="", GATEWAY_MASTER_KEY_FILE=str(key_file))
        over, told = threading.Event(), []
        callers = [
            threading.Thread(target=ask, args=(replica, key, stores, over, told)) for _ in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        while len(told) < CALLS_BEFORE:
            time.sleep(0.01)
        before = [milliseconds for _, milliseconds in told]
        began = time.monotonic()
        subprocess.run(
            [
                sys.executable,
                "-I",
                str(ROOT / "gateway" / "__main__.py"),
                "rotate-master-key",
                "--data-dir",
                str(replica.folder / "data"),
                "--new-key-file",
                str(new_file),
            ],
            env=replica.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds = time.monotonic() - began
        during = [milliseconds for _, milliseconds in told[len(before) :]]
        over.set()
        for caller in callers:
            caller.join()
    return {
        "seconds": round(seconds, 1),
        "stores a second": round(stores / seconds),
        "calls meanwhile": len(during),
        "calls that failed": sum(1 for status, _ in told if status != 200),
        "p50 in ms, before and meanwhile": [percentile(before, 0.5), percentile(during, 0.5)],
        "p99 in ms, before and meanwhile": [percentile(before, 0.99), percentile(during, 0.99)],
    }


def main() -> None:
    """Print the figures as one JSON document."""
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else STORES
    with running_amazon() as amazon, running_postgresql() as server, tempfile.TemporaryDirectory() as name:
        figures = {
            f"SQLite, {stores} stores": rotated(amazon, Path(name) / "sqlite", "", stores),
            f"PostgreSQL, {stores} stores": rotated(
                amazon, Path(name) / "postgresql", server.database("reencrypt"), stores
            ),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
