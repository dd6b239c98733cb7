"""What `storeTokens` costs on PostgreSQL beside SQLite, with one worker and with two.

    .venv/bin/python -m benchmarks.postgres_cost

Both gateways run at once and are asked in turn. PostgreSQL is on the same machine, so what is measured is the
work, not a network.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.load import Clients, Processor, beside, processor_of, request_bytes
from benchmarks.stores import closed_with_key, open_seeded, seller
from gateway.util.secret import Secret
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.postgresql import running_postgresql
from tests.support.replicas import Replica, replicas

STORES = 100
COUNT = 300
ROUNDS = 7
WORKERS = (1, 2)


def requests(key: str) -> list[bytes]:
    """Reads of all stores."""
    bodies = ({"sellerId": seller(number), "region": "NA"} for number in range(STORES))
    return [request_bytes("/spApi/storeTokens", body, key) for body in bodies]


def processor_used(replica: Replica) -> Processor:
    """What tells a replica's processor seconds."""
    assert replica.process is not None
    return processor_of(replica.process.pid)


def compared(amazon: Amazon, folder: Path, address: str, workers: int) -> dict[str, Any]:
    """PostgreSQL beside SQLite."""
    url = Secret(address.replace("postgresql://", "postgresql+psycopg://"))
    with replicas(folder, address, amazon) as together:
        key = closed_with_key(open_seeded(amazon, folder / "seed", STORES, database_url=url))
        sqlite_key = closed_with_key(open_seeded(amazon, folder / "replica1" / "data", STORES))
        arguments = ("--workers", str(workers))
        on_postgresql, on_sqlite = together.add(*arguments), together.add(*arguments, GATEWAY_DATABASE_URL="")
        a = Clients(on_postgresql.url, requests(key), COUNT)
        b = Clients(on_sqlite.url, requests(sqlite_key), COUNT)
        try:
            return beside(a, b, ROUNDS, (processor_used(on_postgresql), processor_used(on_sqlite)))
        finally:
            a.close()
            b.close()


def main() -> None:
    """Print the figures as one JSON document."""
    figures = {}
    with running_amazon() as amazon, running_postgresql() as server, tempfile.TemporaryDirectory() as name:
        for workers in WORKERS:
            folder, address = Path(name) / str(workers), server.database(f"cost_{workers}")
            figures[f"PostgreSQL / SQLite, workers: {workers}"] = compared(amazon, folder, address, workers)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
