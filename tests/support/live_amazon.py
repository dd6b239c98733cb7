"""An Amazon whose every byte a test sends and reads itself; the stand-in answers everything else."""

import select
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from gateway.amazon.session import AmazonSession
from gateway.settings.settings import Settings
from tests.support.calling import SP_HOST
from tests.support.gateway_server import Amazon, Gateway, running_gateway

PATIENCE = 30


class LiveCall:
    """One request, as it reaches Amazon. `head`: its request line and headers."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        self._connection = connection
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._some()
        head, _, self._body = received.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")

    def take(self, size: int) -> bytes:
        """Return so many bytes of the body, once they have come."""
        while len(self._body) < size:
            self._body += self._some()
        taken, self._body = self._body[:size], self._body[size:]
        return taken

    def rest(self) -> bytes:
        """Return what of the body still comes until the gateway ends the connection."""
        with suppress(ConnectionResetError):
            while piece := self._connection.recv(1_000_000):
                self._body += piece
        return self._body

    def send(self, data: bytes) -> None:
        """Send a piece of the answer."""
        self._connection.sendall(data)

    def send_until_it_ends(self, most: int) -> int:
        """Send so many bytes, unless the gateway ends the connection; return how many were taken."""
        sent = 0
        with suppress(ConnectionError):
            while sent < most:
                sent += self._connection.send(bytes(1_000_000))
        return sent

    def is_ended(self) -> bool:
        """Tell whether the gateway has ended the connection."""
        self._connection.settimeout(0)
        try:
            return self._connection.recv(1) == b""
        except BlockingIOError:
            return False
        finally:
            self._connection.settimeout(PATIENCE)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _some(self) -> bytes:
        piece = self._connection.recv(1_000_000)
        assert piece, "the gateway ended the connection"
        return piece


class LiveAmazon:
    """Where the gateway's calls of the SP-API's host come in."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._calls: list[LiveCall] = []
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def call(self) -> LiveCall:
        """Return the next call."""
        self._listener.settimeout(PATIENCE)
        call = LiveCall(self._listener.accept()[0])
        self._calls.append(call)
        return call

    def close(self) -> None:
        """End all connections."""
        for call in self._calls:
            call.close()

    def call_before(self, client: socket.socket) -> LiveCall | None:
        """Return the next call, None where the client is answered without one."""
        ready, _, _ = select.select([self._listener, client], [], [], PATIENCE)
        assert ready, "neither is there"
        return self.call() if self._listener in ready else None


@contextmanager
def live_gateway(amazon: Amazon, folder: Path, **changes: Any) -> Iterator[tuple[Gateway, LiveAmazon]]:
    """A gateway with a store, whose calls of the SP-API go to the test itself."""
    with running_gateway(amazon, folder) as gateway:
        gateway.authorize_store()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        live = LiveAmazon(listener)

        class Session(AmazonSession):
            def address(self, host: str, path: str) -> str:
                return f"{live.origin}{path}" if host == SP_HOST else super().address(host, path)

        def session(settings: Settings) -> AmazonSession:
            return Session(settings.amazon_origin)

        with closing(live), running_gateway(amazon, folder, session=session, **changes) as running:
            yield running, live
