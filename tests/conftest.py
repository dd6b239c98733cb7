"""What every room's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import House, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests of a module: a gateway in sandbox mode and the scripts around it."""
    with open_house(Path(tmp_path_factory.mktemp("house 家"))) as opened:
        yield opened
