"""What a service manager is told, by the protocol of sd_notify(3)."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.server.service_manager import notify

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that no message has come to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.setblocking(False)
        yield opened


def test_a_state_comes_to_the_socket_that_the_manager_names(
    listening: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also to an abstract one, whose name begins with @."""
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    listening.bind("manager")
    notify("READY=1", {"NOTIFY_SOCKET": "manager"})
    assert listening.recv(100) == b"READY=1"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        abstract.bind("")  # the system picks an abstract name
        abstract.setblocking(False)
        notify("READY=1", {"NOTIFY_SOCKET": "@" + abstract.getsockname()[1:].decode()})
        assert abstract.recv(100) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/to.be.found"}])
def test_a_gateway_without_a_manager_goes_on(environ: dict[str, str]) -> None:
    """None asked, or the one that did is gone."""
    notify("READY=1", environ)
