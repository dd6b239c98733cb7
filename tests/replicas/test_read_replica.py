"""Two gateways on one PostgreSQL with a streaming replica, as callers and operators see them."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.gateway_server import Amazon
from tests.support.house import until
from tests.support.postgresql import running_postgresql
from tests.support.replicas import SELLER, Replica, Replicas, authorize, replicas
from tests.support.streaming_replica import StreamingReplica, streaming_replica

WHICH = {"sellerId": SELLER, "region": "NA"}


@pytest.fixture
def standby() -> Iterator[StreamingReplica]:
    """The replica of a server of its own."""
    with running_postgresql(durable=False) as server, streaming_replica(server) as following:
        yield following


@pytest.fixture
def together(standby: StreamingReplica, amazon: Amazon, tmp_path: Path) -> Iterator[Replicas]:
    """Room for gateways that read from the replica."""
    address = standby.primary.migrated_database()
    standby.catch_up()
    read = {"GATEWAY_DATABASE_READ_URL": standby.address(address), "GATEWAY_READ_STALENESS_SECONDS": "3600"}
    with replicas(tmp_path, address, amazon, **read) as started:
        yield started


def get(replica: Replica, path: str) -> str:
    """What a page of the gateway's says."""
    with urllib.request.urlopen(replica.url + path, timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def reads_from_it(replica: Replica) -> bool:
    """What `/readyz` says of the replica."""
    checks: dict[str, Any] = json.loads(get(replica, "/readyz"))["checks"]
    return bool(checks["readReplica"])


def lists_read(standby: StreamingReplica, together: Replicas) -> int:
    """How often the replica's table of stores and accounts was read."""
    scans = "coalesce(seq_scan, 0) + coalesce(idx_scan, 0)"
    query = f"SELECT {scans} FROM pg_stat_user_tables WHERE relname = 'grants'"
    with psycopg.connect(standby.address(together.database_url)) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_lists_are_read_there_and_never_without_ones_own_change(
    together: Replicas, standby: StreamingReplica
) -> None:
    """Whichever gateway made it; a token is never read there, and without the replica all goes on."""
    one, other = together.add(), together.add()
    key = one.key()
    authorize(one, key)
    for each in (one, other):
        until(lambda each=each: reads_from_it(each), "it reads from the replica")
    before = lists_read(standby, together)

    def is_read_there() -> bool:
        assert other.post("/spApi/authorizedStores", {}, key)["total"] == 1
        return lists_read(standby, together) > before

    until(is_read_there, "a list is read there")
    with standby.standing_still():
        one.post("/spApi/renameStore", {**WHICH, "sellerName": "我的店铺"}, key)
        (named,) = other.post("/spApi/authorizedStores", {}, key)["stores"]
        assert named["sellerName"] == "我的店铺"
        one.post("/spApi/removeStore", WHICH, key)
        assert other.post("/spApi/authorizedStores", {}, key)["total"] == 0
        assert other.status("/spApi/storeTokens", WHICH, key) == 404
        assert "linkfox_read_replica_lag_seconds " in get(other, "/metrics")
    with standby.stopped():
        assert other.post("/spApi/authorizedStores", {}, key)["total"] == 0
        assert not reads_from_it(other)
        assert "read_replica_away" in other.log()
