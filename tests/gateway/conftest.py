"""A gateway for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_server import Amazon, Gateway, running_gateway


@pytest.fixture
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway on a vault of its own, at a time that stands still."""
    with running_gateway(amazon, tmp_path) as running:
        yield running
