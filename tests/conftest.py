"""What every room's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.house import House, open_house

# Nothing here depends on how fast the machine is: the first draw in an empty home makes Unicode's tables.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests of a module: a gateway in sandbox mode and the scripts around it."""
    with open_house(Path(tmp_path_factory.mktemp("house 家"))) as opened:
        yield opened
