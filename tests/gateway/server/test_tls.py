"""Connections on which TLS is still to be agreed: they cost as little as any other that sends nothing."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from gateway.server import http_protocol, serve, tls
from gateway.settings.listening import Listening
from gateway.settings.settings import Settings
from tests.support.certificates import self_signed
from tests.support.house import PATIENCE, until

Address = tuple[str, int]


async def _answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def address(tmp_path: Path) -> Iterator[Address]:
    """Where a server answers `ok` over TLS."""
    certificate, key = self_signed(tmp_path)
    listening = Listening(tls_cert=certificate, tls_key=key)
    settings = Settings(data_dir=tmp_path, sandbox=True, listening=listening)
    config = serve._uvicorn_config(settings, _answer)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started, "the server serves")
        yield listener.getsockname()
        server.should_exit = True
        thread.join(PATIENCE)


def ask(address: Address) -> bytes:
    """Ask over TLS, on a connection of its own."""
    context = ssl._create_unverified_context()
    with closing(http.client.HTTPSConnection(*address, context=context, timeout=PATIENCE)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()


def ended(connection: socket.socket) -> bool:
    """Wait for the server to end a connection without a word."""
    connection.settimeout(PATIENCE)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_those_without_tls_yet_are_counted(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest of too many goes, and a request is answered all the same."""
    monkeypatch.setattr(http_protocol, "most_connections", lambda: 3)
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(address)) for _ in range(5)]
        assert ask(address) == b"ok"
        assert all(ended(one) for one in silent[:3])


def test_a_handshake_is_waited_for_as_long_as_a_head(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a handshake keeps no connection."""
    monkeypatch.setattr(tls, "HEAD_SECONDS", 0.01)
    with socket.create_connection(address) as half:
        half.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert ended(half)


def test_what_is_no_tls_is_ended(address: Address) -> None:
    """Nobody would understand an answer."""
    with socket.create_connection(address) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.settimeout(PATIENCE)
        assert b"HTTP/1.1" not in plain.recv(100)
    assert ask(address) == b"ok"
