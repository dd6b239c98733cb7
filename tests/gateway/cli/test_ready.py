"""A health check asks by the command line whether the gateway takes traffic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.__main__ import main
from gateway.server.data_folder import DataFolder
from tests.support.gateway_server import Amazon, running_gateway
from tests.support.stranger import stranger_at

Ready = Callable[[], tuple[int, dict[str, Any]]]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder that nobody serves from yet."""
    return DataFolder.prepare(tmp_path / "data")


@pytest.fixture
def ready(folder: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ready:
    """The command on that folder; answers its exit code and document."""
    monkeypatch.setenv("HOME", str(folder.path.parent))

    def call() -> tuple[int, dict[str, Any]]:
        code = main(["ready", "--data-dir", str(folder.path)])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_a_gateway_that_takes_traffic(ready: Ready, folder: DataFolder, amazon: Amazon) -> None:
    """What `/readyz` looked at is told."""
    with running_gateway(amazon, folder.path) as gateway:
        folder.announce({"url": gateway.url})
        code, document = ready()
    assert code == 0
    assert document["ready"] is True
    assert document["checks"]["database"] is True


def test_what_fails_is_named(ready: Ready, folder: DataFolder, amazon: Amazon) -> None:
    """And the exit code is not 0."""
    with running_gateway(amazon, folder.path, spapi=None, ads=None) as gateway:
        folder.announce({"url": gateway.url})
        code, document = ready()
    assert code == 6
    assert document["error"]["message"] == f"the gateway at {gateway.url} is not ready: no_application"


def test_one_that_drains_says_so(ready: Ready, folder: DataFolder) -> None:
    """All of its checks are good, and a read replica that is away is no reason."""
    checks = {"database": True, "writable": True, "masterKey": True, "applications": True}
    told = {"status": "not_ready", "reasons": ["stopping"], "checks": {**checks, "readReplica": False}}
    body = json.dumps(told).encode()
    head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n" % len(body)
    with stranger_at(answer=head + body) as draining:
        folder.announce({"url": draining.url})
        code, document = ready()
    assert code == 6
    assert document["error"]["message"] == f"the gateway at {draining.url} is not ready: stopping"


def test_none_that_serves(ready: Ready) -> None:
    """As while it still waits for its database."""
    code, document = ready()
    assert code == 6
    assert "no gateway serves" in document["error"]["message"]


def test_one_that_is_gone_and_one_that_is_another_program(ready: Ready, folder: DataFolder) -> None:
    """A killed gateway leaves its address behind, and somebody else may have the port since."""
    with stranger_at(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]") as stranger:
        folder.announce({"url": stranger.url})
        code, document = ready()
        assert (code, document["error"]["message"]) == (
            6,
            f"the gateway at {stranger.url} does not answer (ValueError)",
        )
    code, document = ready()
    assert (code, document["error"]["message"]) == (
        6,
        f"the gateway at {stranger.url} does not answer (ConnectionRefusedError)",
    )
