"""What the journeys share: a house, and a place for gateways for each that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway_process import Place, a_place
from tests.support.gateway_server import Amazon
from tests.support.house import House, open_house


@pytest.fixture(scope="package")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway in sandbox mode and the scripts around it, for all journeys."""
    with open_house(Path(tmp_path_factory.mktemp("house 家"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(shared_house: House) -> House:
    """That house without what the journeys before have authorized."""
    shared_house.forget_grants()
    return shared_house


@pytest.fixture
def place(amazon: Amazon, tmp_path: Path) -> Iterator[Place]:
    """A place for gateways on SQLite."""
    with a_place(amazon, tmp_path / "place") as opened:
        yield opened
