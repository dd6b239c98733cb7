"""One MCP server beside a fake gateway for each of the tests' modules, and clients to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_gateway import FakeGateway, fake_gateway
from tests.support.house import clean_environment
from tests.support.mcp_client import McpClient, mcp_client


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the host and its server, with a name that no shell likes."""
    return tmp_path_factory.mktemp("a host 主机")


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[FakeGateway]:
    """A gateway that answers what the test lays down."""
    with fake_gateway() as running:
        yield running


@pytest.fixture
def gateway(shared_gateway: FakeGateway) -> FakeGateway:
    """That gateway, without what the test before laid down."""
    shared_gateway.answers.clear()
    shared_gateway.calls.clear()
    return shared_gateway


@pytest.fixture(scope="module")
def environment(home: Path, shared_gateway: FakeGateway) -> dict[str, str]:
    """The environment in which a host starts the server."""
    return clean_environment(home, **shared_gateway.environment())


@pytest.fixture(scope="module")
def client(environment: dict[str, str], home: Path) -> Iterator[McpClient]:
    """A client that opens no links, with a server that only reads."""
    with mcp_client(environment, home) as opened:
        yield opened
