"""A database and gateways for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_server import Amazon
from tests.support.postgresql import PostgreSQL
from tests.support.replicas import PGBOUNCER, Replicas, replicas, running_pgbouncer


@pytest.fixture
def direct(postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path) -> Iterator[Replicas]:
    """Room for gateways on a new database."""
    with replicas(tmp_path, postgresql.database(), amazon) as together:
        yield together


@pytest.fixture(params=["direct", "pgbouncer"])
def together(
    request: pytest.FixtureRequest, postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path
) -> Iterator[Replicas]:
    """Room for gateways on a new database, and the same through a PgBouncer that pools transactions."""
    address = postgresql.database()
    if request.param == "direct":
        with replicas(tmp_path, address, amazon) as room:
            yield room
        return
    if PGBOUNCER is None:
        pytest.skip("there is no pgbouncer on PATH; on Debian: apt-get install pgbouncer")
    with running_pgbouncer(address) as pooled, replicas(tmp_path, pooled, amazon) as room:
        yield room
