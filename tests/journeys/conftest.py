"""A stand-in Amazon for each module of journeys, and a place for gateways for each test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_process import Place, a_place
from tests.support.gateway_server import Amazon, running_amazon


@pytest.fixture(scope="module")
def amazon() -> Iterator[Amazon]:
    """The stand-in Amazon of these tests; it outlives every gateway."""
    with running_amazon() as running:
        yield running


@pytest.fixture
def place(amazon: Amazon, tmp_path: Path) -> Iterator[Place]:
    """A place for gateways on SQLite, beside an Amazon as it is when it was just started."""
    amazon.control("reset", {})
    with a_place(amazon, tmp_path / "place") as opened:
        yield opened
