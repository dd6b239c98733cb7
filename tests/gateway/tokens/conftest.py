"""Two gateways on one database, for what has to happen once however many processes there are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway_server import Amazon, Gateway, running_gateway
from tests.support.postgresql import as_setting


@pytest.fixture(params=["sqlite", "postgresql"])
def two(request: pytest.FixtureRequest, amazon: Amazon, tmp_path: Path) -> Iterator[list[Gateway]]:
    """Two gateways on one database, of each kind, at one time that stands still."""
    folders = [tmp_path, tmp_path]
    changes: dict[str, Any] = {}
    if request.param == "postgresql":
        changes["database_url"] = as_setting(request.getfixturevalue("postgresql").migrated_database())
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            folder.mkdir()
    with (
        running_gateway(amazon, folders[0], **changes) as first,
        running_gateway(amazon, folders[1], first.clock, **changes) as second,
    ):
        second.keys = first.keys
        yield [first, second]
