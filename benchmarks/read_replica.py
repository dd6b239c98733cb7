"""What a streaming replica takes off the primary, and how old what is read there really is.

    .venv/bin/python -m benchmarks.read_replica [STORES]

Lists of a user's stores, read through the vault with the replica and without it, in turn; then, while another
thread writes the time into the primary without a pause, how old the time is that a read finds.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from benchmarks.load import percentile
from benchmarks.million_stores import database_processor
from benchmarks.refresher_rate import CREDENTIALS
from benchmarks.stores import open_seeded
from gateway.jobs.schedule import READ_REPLICA_SECONDS
from gateway.model import Page
from gateway.vault.vault import Vault
from tests.support.gateway_server import Amazon
from tests.support.postgresql import PostgreSQL, as_setting, running_postgresql
from tests.support.streaming_replica import streaming_replica

STORES = 20_000
LISTS = 300
ROUNDS = 5
PAGE = 20
# How long ages are measured, in seconds.
AGING = 20.0
IN_RECOVERY = text("SELECT pg_is_in_recovery(), (SELECT value FROM vault_facts WHERE name = 'time')")


@contextmanager
def looked_at(vault: Vault) -> Iterator[None]:
    """Look at the replica as often as a gateway does."""
    replica, over = vault.database.replica, threading.Event()
    assert replica is not None

    def look() -> None:
        replica.look()
        while not over.wait(READ_REPLICA_SECONDS):
            replica.look()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def lists(vault: Vault, user: int, server: PostgreSQL) -> dict[str, float]:
    """Read parts of a list; return the milliseconds of each and what the primary's processor had to do."""
    _, total = vault.lists.stores(user, Page(1))
    used, began = database_processor(server), time.perf_counter()
    for turn in range(LISTS):
        vault.lists.stores(user, Page(PAGE, turn * 7919 % total))
    return {
        "ms": (time.perf_counter() - began) * 1000 / LISTS,
        "primary_ms": (database_processor(server) - used) * 1000 / LISTS,
    }


def beside(plain: Vault, replicated: Vault, server: PostgreSQL) -> dict[str, Any]:
    """Read lists with the replica and without, in turn; return milliseconds, and with / without."""
    with plain.database.reading() as connection:
        user = connection.exec_driver_sql("SELECT id FROM users WHERE name = 'owner'").scalar_one()
    rounds = [(lists(replicated, user, server), lists(plain, user, server)) for _ in range(ROUNDS)]
    found = {}
    for name in ("ms", "primary_ms"):
        with_it = sum(one[name] for one, _ in rounds) / ROUNDS
        without = sum(two[name] for _, two in rounds) / ROUNDS
        found[name] = [round(with_it, 2), round(without, 2), round(with_it / without, 2) if without else 0.0]
    return {
        "a list, ms with and without, ratio": found["ms"],
        "the primary's processor for it, ms with and without, ratio": found["primary_ms"],
    }


def ages(vault: Vault, address: str) -> dict[str, Any]:
    """Read what is written all the time; return how old it was, and where it was read."""
    over = threading.Event()

    def write() -> None:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("INSERT INTO vault_facts VALUES ('time', '0')")
            change = "UPDATE vault_facts SET value = %s WHERE name = 'time'"
            while not over.wait(0.001):
                connection.execute(change, [str(time.time())])

    writer = threading.Thread(target=write)
    writer.start()
    there: list[float] = []
    reads = 0
    until = time.monotonic() + AGING
    while time.monotonic() < until:
        is_replica, written = vault.database.read_possibly_stale(
            lambda found: found.execute(IN_RECOVERY).one()
        )
        reads += 1
        if is_replica and written not in (None, "0"):
            there.append((time.time() - float(written)) * 1000)
        time.sleep(0.005)
    over.set()
    writer.join()
    return {
        "share of reads that the replica answered": round(len(there) / reads, 3),
        "how old it was, ms: p50, p99, most": [
            round(percentile(there, share), 1) for share in (0.5, 0.99, 1) if there
        ],
    }


def main() -> None:
    """Print the figures as one JSON document."""
    stores = int(sys.argv[1]) if len(sys.argv) > 1 else STORES
    amazon = Amazon("http://127.0.0.1:9", CREDENTIALS, CREDENTIALS)
    with (
        tempfile.TemporaryDirectory() as name,
        running_postgresql() as server,
        streaming_replica(server) as standby,
    ):
        address = server.database("stores")
        url = as_setting(address)
        plain = open_seeded(amazon, Path(name) / "plain", stores, database_url=url)
        standby.catch_up()
        read_url = as_setting(standby.address(address))
        replicated = open_seeded(
            amazon, Path(name) / "replicated", 0, database_url=url, database_read_url=read_url
        )
        with plain, replicated, looked_at(replicated):
            figures = {**beside(plain, replicated, server), **ages(replicated, address)}
    print(json.dumps({f"{stores} stores": figures}, indent=2))


if __name__ == "__main__":
    main()
