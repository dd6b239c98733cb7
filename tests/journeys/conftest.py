"""A place for gateways for each journey that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_process import Place, a_place
from tests.support.gateway_server import Amazon


@pytest.fixture
def place(amazon: Amazon, tmp_path: Path) -> Iterator[Place]:
    """A place for gateways on SQLite."""
    with a_place(amazon, tmp_path / "place") as opened:
        yield opened
