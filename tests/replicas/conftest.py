"""One PostgreSQL and one stand-in Amazon for these tests, a database and gateways for each."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_server import Amazon, running_amazon
from tests.support.postgresql import PostgreSQL, running_postgresql
from tests.support.replicas import PGBOUNCER, Replicas, replicas, running_pgbouncer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL that tests may stop and start."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def amazon_process() -> Iterator[Amazon]:
    """The stand-in Amazon's process."""
    with running_amazon() as amazon:
        yield amazon


@pytest.fixture
def amazon(amazon_process: Amazon) -> Amazon:
    """The stand-in Amazon as it is when it was just started."""
    amazon_process.control("reset", {})
    return amazon_process


@pytest.fixture
def direct(postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path) -> Iterator[Replicas]:
    """Room for gateways on a new database."""
    with replicas(tmp_path, postgresql.database(f"replicas_{next(_numbers)}"), amazon) as together:
        yield together


@pytest.fixture(params=["direct", "pgbouncer"])
def together(
    request: pytest.FixtureRequest, postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path
) -> Iterator[Replicas]:
    """Room for gateways on a new database, and the same through a PgBouncer that pools transactions."""
    address = postgresql.database(f"replicas_{next(_numbers)}")
    if request.param == "direct":
        with replicas(tmp_path, address, amazon) as room:
            yield room
        return
    if PGBOUNCER is None:
        pytest.skip("there is no pgbouncer on PATH; on Debian: apt-get install pgbouncer")
    with running_pgbouncer(address) as pooled, replicas(tmp_path, pooled, amazon) as room:
        yield room
