"""A database for the gateways of each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_server import Amazon
from tests.support.postgresql import PostgreSQL
from tests.support.replicas import Replicas, replicas


@pytest.fixture
def direct(postgresql: PostgreSQL, amazon: Amazon, tmp_path: Path) -> Iterator[Replicas]:
    """Room for gateways on a new database."""
    with replicas(tmp_path, postgresql.migrated_database(), amazon) as together:
        yield together
