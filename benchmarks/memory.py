"""What a gateway holds in memory: at rest, under reads, and after a storm (Linux only).

.venv/bin/python -m benchmarks.memory
"""

import asyncio
import json
import tempfile
from pathlib import Path

from benchmarks.load import Clients, family, request_bytes
from benchmarks.stores import open_seeded, seller
from tests.support.gateway_process import Process, a_place
from tests.support.gateway_server import running_amazon
from tests.support.storm import ask_all

STORES = 1000
ROUNDS = 5
COUNT = 1000
CALLERS = 1000
WORKERS = (1, 2)


def _megabytes(gateway: Process) -> list[float]:
    """Proportional memory of the gateway's processes, pages that they share counted once in all."""
    found = []
    for pid in family(gateway.process.pid):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        found.append(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024)
    return [round(sum(found), 1), len(found)]


def main() -> None:
    """Print the figures as one JSON document: megabytes, and in how many processes."""
    figures: dict[str, dict[str, list[float]]] = {}
    with running_amazon() as amazon, tempfile.TemporaryDirectory() as name:
        for workers in WORKERS:
            with a_place(amazon, Path(name) / str(workers)) as place:
                open_seeded(amazon, place.data, STORES).close()
                gateway = place.start("--workers", str(workers))
                wanted = [{"sellerId": seller(number), "region": "NA"} for number in range(STORES)]
                taken = {"at rest": _megabytes(gateway)}
                asked = [request_bytes("/spApi/storeTokens", body, gateway.key) for body in wanted]
                clients = Clients(gateway.url, asked, COUNT)
                for _ in range(ROUNDS):
                    clients.round()
                taken[f"after {4 * ROUNDS * COUNT} reads, connections open"] = _megabytes(gateway)
                clients.close()
                asyncio.run(ask_all([gateway], "/spApi/storeTokens", wanted[0], CALLERS))
                taken[f"after {CALLERS} callers at once"] = _megabytes(gateway)
                figures[f"{workers} worker{'s' if workers > 1 else ''}"] = taken
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
