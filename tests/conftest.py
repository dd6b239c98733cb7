"""What every room's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.house import House, open_house

# Nothing here depends on how fast the machine is: the first draw in an empty home makes Unicode's tables.
settings.register_profile("new cases", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same cases each time: a change is not refused for what an older one brought. `--hypothesis-profile
# "new cases"` looks for others.
settings.register_profile("same cases", settings.get_profile("new cases"), derandomize=True)
settings.load_profile("same cases")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests of a module: a gateway in sandbox mode and the scripts around it."""
    with open_house(Path(tmp_path_factory.mktemp("house 家"))) as opened:
        yield opened
