"""The stand-in Amazon, once for all of these tests and reset for each, and a gateway for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_server import Amazon, Gateway, running_amazon, running_gateway


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
def gateway(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway on a vault of its own, at a time that stands still."""
    with running_gateway(amazon, tmp_path) as running:
        yield running
