"""A program that took a port: it listens there, keeps what it is sent, and answers what it was told."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Stranger:
    """What came in, of all connections. `answer` is sent after each piece; nothing ends the connection."""

    answer: bytes = b""
    relay: tuple[str, int] | None = None
    """Where to fetch the answers from instead: host and port."""
    received: bytes = b""
    relayed: bytes = b""
    connections: int = 0
    url: str = ""

    def serve(self, connection: socket.socket) -> None:
        """Take what comes on one connection."""
        self.connections += 1
        with connection, contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                self.received += piece
                if self.relay is not None:
                    with socket.create_connection(self.relay) as onward:
                        onward.sendall(piece)
                        answer = onward.recv(65536)
                        self.relayed += answer
                        connection.sendall(answer)
                elif self.answer:
                    connection.sendall(self.answer)
                else:
                    return


@contextlib.contextmanager
def stranger_at(address: str = "http://127.0.0.1:0", **told: object) -> Iterator[Stranger]:
    """A Stranger on the port of an address, as soon as that is free."""
    parts = urlsplit(address)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((parts.hostname, parts.port or 0))
        listener.listen()
        host, port = listener.getsockname()
        stranger = Stranger(url=f"http://{host}:{port}", **told)  # type: ignore[arg-type]

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=stranger.serve, args=(listener.accept()[0],), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield stranger
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
