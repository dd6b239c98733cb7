"""A gateway for tests of the scripts: a real server on loopback with the answers and faults of a test."""

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCESS = "Atza|" + "a1B2" * 87
REFRESH = "Atzr|" + "r3F4" * 87
KEY = "key-of-the-tests-0123456789-abcdefghijklmnop"


@dataclass
class Call:
    """A request that came in. `body` is the parsed JSON."""

    path: str
    headers: dict[str, str]
    body: Any


Reply = tuple[int, Any] | Callable[["Handler"], None]


@dataclass
class FakeGateway:
    """A gateway that answers what the test lays down.

    `answers` maps a path to what it answers: (status, document or bytes), a list of those, used up one after
    the other until the last, or a function that writes to the socket itself.
    """

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    variables: dict[str, str] | None = None
    """What its users set, where that is another thing than its address and a key."""

    def environment(self, key: str = KEY) -> dict[str, str]:
        """The variables by which the scripts find this gateway."""
        if self.variables is not None:
            return {**self.variables, "LINKFOX_AGENT_API_KEY": key}
        return {"LINKFOX_TOOL_GATEWAY": self.url, "LINKFOX_AGENT_API_KEY": key}

    def bodies(self, path: str) -> list[Any]:
        """What was sent to this path, in order."""
        return [call.body for call in self.calls if call.path == path]

    def next_answer(self, path: str) -> Reply:
        """The answer that is due for this path."""
        answer = self.answers.get(path, self.answers.get("*", (404, {"errcode": 1002, "errmsg": "no path"})))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer


class Handler(BaseHTTPRequestHandler):
    """Answers what the FakeGateway on the server says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note the call and answer it."""
        gateway: FakeGateway = self.server.gateway  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        gateway.calls.append(Call(self.path, dict(self.headers), json.loads(body or b"null")))
        answer = gateway.next_answer(self.path)
        if callable(answer):
            answer(self)
            return
        status, document = answer
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        self.send_response(status)
        for name, value in {**headers, **gateway.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what some tests are about."""


@contextlib.contextmanager
def fake_gateway(tls: ssl.SSLContext | None = None) -> Iterator[FakeGateway]:
    """A FakeGateway that listens until the end of the block, with `tls` behind https."""
    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        # The handshake is left to the connection's own thread.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "http" if tls is None else "https"
    gateway = FakeGateway(url=f"{scheme}://127.0.0.1:{server.server_address[1]}")
    server.gateway = gateway  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# A port of loopback on which nothing listens, and which no program is given that asks for a free one.
NOBODYS_PORT = 9


def tokens(**more: Any) -> dict[str, Any]:
    """The answer of storeTokens on a self-hosted gateway."""
    return {
        "sellerId": "A1",
        "region": "NA",
        "authRecordId": 123456789012,
        "accessToken": ACCESS,
        "refreshToken": REFRESH,
        "tokenType": "bearer",
        "expiresIn": 3000,
        "expiresAt": "2030-01-01T00:00:00Z",
        **more,
    }
