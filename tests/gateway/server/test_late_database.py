"""A gateway whose PostgreSQL is not there yet, as a process."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gateway.server.test_serve import Box, boxed, posix_only, stop
from tests.support.house import PATIENCE, until
from tests.support.postgresql import running_postgresql


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box for one test."""
    with boxed(tmp_path) as box:
        yield box


def test_it_serves_once_the_database_is_there(box: Box) -> None:
    """As after a power cut, when both machines come up."""
    with running_postgresql() as server:
        server.stop()
        process = box.start("serve", "--port", "0", "--workers", "2", GATEWAY_DATABASE_URL=server.address)
        until(lambda: "database_awaited" in box.errors(), "it says that it waits")
        server.start()
        ready = json.loads(process.stdout.readline())
        assert ready["ok"] is True, ready
        assert "database_answers" in box.errors()
        assert stop(process) == 0


@posix_only
@pytest.mark.parametrize("silent", [False, True], ids=["nobody listens", "nobody answers"])
def test_a_signal_ends_the_waiting_at_once(box: Box, silent: bool) -> None:
    """Between two tries, and during one."""
    with ExitStack() as opened:
        server = opened.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        if silent:
            server.listen()
            server.settimeout(PATIENCE)
        url = f"postgresql://gateway@127.0.0.1:{server.getsockname()[1]}/gateway"
        process = box.start("serve", "--port", "0", GATEWAY_DATABASE_URL=url)
        if silent:
            connection = opened.enter_context(server.accept()[0])
            connection.recv(8)
        else:
            until(lambda: "database_awaited" in box.errors(), "it says that it waits")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE)
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert process.returncode == 130
