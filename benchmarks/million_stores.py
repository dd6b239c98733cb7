"""1,000,000 stores, reckoned from what this machine measures: what refresher, database and Amazon have to do.

    .venv/bin/python -m benchmarks.million_stores

It refreshes 2,000 stores with two gateways and fills a database with 20,000; all else is arithmetic. What
breaks first is named. Amazon publishes no limit of its token endpoint: of that, only the need is told.
"""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.load import processor_seconds
from benchmarks.refresher_rate import CREDENTIALS, ROUND, SETTINGS, refresh_all, slow_amazon
from benchmarks.stores import open_seeded
from gateway.util.secret import Secret
from gateway.vault.grant_rows import REFRESH_JITTER
from gateway.vault.refresh_queue import MARGIN
from gateway.vault.vault import Vault
from tests.support.gateway_server import Amazon
from tests.support.postgresql import PostgreSQL, running_postgresql
from tests.support.replicas import replicas

STORES = 1_000_000
REFRESHED = 2_000
FILLED = 20_000
GATEWAYS = 2
LIFE = 3600
# From one refresh to the next, on the average: the life less the margin and half the jitter.
PERIOD = LIFE - MARGIN - REFRESH_JITTER / 2
SCRAPE_SECONDS = 15


@dataclass(frozen=True)
class Measured:
    """Figures of this machine: for each refresh, and (`row_bytes`, `census_us`) for each store."""

    refreshes_a_second: float
    gateway_ms: float
    database_ms: float
    wal_bytes: float
    row_bytes: float
    census_us: float
    claim_ms: float


def database_processor(server: PostgreSQL) -> float:
    """Processor seconds of all the server's processes so far."""
    postmaster = server.server.get_pid()
    total = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if int(folder.name) == postmaster or parent == postmaster:
                total += processor_seconds(int(folder.name))
        except OSError:
            continue
    # Connections that have ended are in the postmaster's account of its children.
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return total + (int(fields[13]) + int(fields[14])) / 100


def one_value(address: str, query: str) -> Any:
    """The one value of a query."""
    with psycopg.connect(address) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


def refreshing(server: PostgreSQL, folder: Path) -> dict[str, float]:
    """What refreshes cost."""
    address = server.database("refreshing")
    url = Secret(address.replace("postgresql://", "postgresql+psycopg://"))
    with slow_amazon() as amazon:
        open_seeded(amazon, folder / "seed", REFRESHED, life=60, refreshed=3540, database_url=url).close()
        with replicas(folder, address, amazon, **SETTINGS) as together:
            wal = one_value(address, "SELECT pg_current_wal_lsn()")
            used = database_processor(server)
            run = refresh_all(together, amazon, REFRESHED, GATEWAYS, ROUND)
            used = database_processor(server) - used
            wal = one_value(address, f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{wal}')::float")
    made = run.counts["answered"]
    return {
        "refreshes_a_second": made / run.counts["seconds"],
        "gateway_ms": sum(run.processor) / made * 1000,
        "database_ms": used / made * 1000,
        "wal_bytes": wal / made,
    }


def seconds_of(work: Any, times: int = 5) -> float:
    """The least seconds that something takes."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def filled(server: PostgreSQL, folder: Path) -> dict[str, float]:
    """What rows cost that lie there."""
    address = server.database("filled")
    url = Secret(address.replace("postgresql://", "postgresql+psycopg://"))
    amazon = Amazon("http://127.0.0.1:9", CREDENTIALS, CREDENTIALS)
    vault: Vault
    with open_seeded(amazon, folder / "filled", FILLED, database_url=url) as vault:
        size = one_value(address, "SELECT pg_total_relation_size('grants')")
        wanted = {"margin": MARGIN, "unused": 86_400}
        census = seconds_of(lambda: vault.refresh_queue.census(**wanted, horizon=30 * 86_400))
        claim = seconds_of(lambda: vault.refresh_queue.claim(16, **wanted, milliseconds=1000))
    return {"row_bytes": size / FILLED, "census_us": census / FILLED * 1e6, "claim_ms": claim * 1000}


def reckoned(measured: Measured) -> dict[str, Any]:
    """What a million stores need, how many each part bears, and which of them is the first to break."""
    need = STORES / PERIOD
    cores = need * (measured.gateway_ms + measured.database_ms) / 1000
    bears = {
        "refresher: gateways and database on this machine": measured.refreshes_a_second * PERIOD,
        "metrics: the count of all grants takes a tenth of a scrape's interval": (
            SCRAPE_SECONDS / 10 / (measured.census_us / 1e6)
        ),
        "database: 100 GB of tables": 100e9 / measured.row_bytes,
        "database: 50 MB a second of write-ahead log": 50e6 / measured.wal_bytes * PERIOD,
    }
    first = min(bears, key=lambda name: bears[name])
    return {
        "if all are used, refreshes a second": round(need),
        "as calls to Amazon's token endpoint a day": round(need * 86_400),
        "processor cores for that: gateways": round(need * measured.gateway_ms / 1000, 1),
        "processor cores for that: database": round(need * measured.database_ms / 1000, 1),
        "processor cores for that: in all": round(cores, 1),
        "calls under way at once, at 200 ms each": round(need * 0.2),
        "write-ahead log, MB a second": round(need * measured.wal_bytes / 1e6, 1),
        "tables, GB": round(STORES * measured.row_bytes / 1e9, 1),
        "one count of all grants for the metrics, seconds": round(STORES * measured.census_us / 1e6, 2),
        "after an outage, minutes until all are fresh, at this machine's rate": round(
            STORES / measured.refreshes_a_second / 60
        ),
        "stores that each part bears": {name: round(count) for name, count in bears.items()},
        "what breaks first": first,
        "at so many used stores": round(bears[first]),
    }


def main() -> None:
    """Print the figures as one JSON document."""
    with running_postgresql() as server, tempfile.TemporaryDirectory() as name:
        measured = Measured(**refreshing(server, Path(name)), **filled(server, Path(name)))
    figures = {
        "measured": {key: round(value, 3) for key, value in vars(measured).items()},
        f"{STORES} stores": reckoned(measured),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
