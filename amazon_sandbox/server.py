"""HTTP in and out: `http://LOOPBACK:PORT/HOST/PATH` becomes a request to Amazon's HOST.

Only loopback names are taken as Host. A thread a connection, HTTP/1.1 with keep-alive. Each answer leaves in
one write, so that no client waits for an acknowledgement. Nothing is logged: addresses hold codes.
"""

import os
import re
import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from amazon_sandbox import loopback
from amazon_sandbox.http_messages import Answer, Request, json_answer
from amazon_sandbox.stand_in import StandIn

LONGEST_BODY = 64 * 1024 * 1024
_THREAD_STACK = 512 * 1024
# python-amazon-sp-api sends as Host what follows the eighth character of the address that it calls. It says
# nothing of where the request was sent, and comes from no browser: those send no path there (RFC 9110, 7.2).
BEHIND_EIGHT = re.compile(r"[A-Za-z0-9._:\[\]-]+/sellingpartnerapi-(na|eu|fe)\.amazon\.com", re.ASCII)


class SandboxServer(ThreadingHTTPServer):
    """Listens on a loopback address; a thousand connections may come at once."""

    daemon_threads = True
    request_queue_size = 4096

    def __init__(self, host: str, port: int, stand_in: StandIn) -> None:
        """Bind. Raise OSError where the port is taken, ValueError for an address that is not loopback."""
        if host not in loopback.NAMES:
            raise ValueError("the stand-in Amazon listens on loopback only")
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.stand_in = stand_in
        threading.stack_size(_THREAD_STACK)
        super().__init__((host, port), _Handler)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.server_address[1]}"

    def server_bind(self) -> None:
        """Bind without looking the host's name up, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if os.name != "nt" else 0)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a failure by its kind and place only: the message of an exception may hold a token."""
        kind, problem, _ = sys.exc_info()
        if kind is not None and issubclass(kind, ConnectionError):
            return
        place = traceback.extract_tb(problem.__traceback__)[-1] if problem else None
        where = f"{place.name}, line {place.lineno}" if place else "unknown place"
        print(f"amazon_sandbox: {kind.__name__ if kind else 'failure'} in {where}", file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        request_or_refusal = self._read()
        if isinstance(request_or_refusal, Answer):
            self.close_connection = True
            self._send(request_or_refusal)
            return
        try:
            answer = self.server.stand_in.answer(request_or_refusal)
        except Exception:  # whatever it was: the caller gets an answer, stderr the place
            self.server.handle_error(None, None)
            answer = json_answer({"error": "the stand-in Amazon failed"}, 500)
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _read(self) -> Request | Answer:
        """Return the request, or what to answer to one that must not be let in."""
        reached = self.headers.get("Host", "")
        if BEHIND_EIGHT.fullmatch(reached):
            reached = self.server.url.removeprefix("http://")
        if not loopback.is_loopback_host(reached):
            return json_answer({"error": "this host name is not served here"}, 421)
        if "Transfer-Encoding" in self.headers:
            return json_answer({"error": "send the body with a Content-Length"}, 411)
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > LONGEST_BODY:
            return json_answer({"error": "the Content-Length is wrong or too large"}, 413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError("the client went away before the end of its request")
        target, _, query = self.path.partition("?")
        host, _, path = target.lstrip("/").partition("/")
        headers = {name.lower(): value for name, value in self.headers.items()} | {"host": reached}
        return Request(self.command, host.lower(), "/" + path, query, headers, body)

    def _send(self, answer: Answer) -> None:
        if answer.dropped:
            self.close_connection = True
            return
        if answer.deliver is not None:
            self.close_connection = True
        phrase = self.responses.get(answer.status, ("Unknown",))[0]
        given = {name.lower() for name in answer.headers}
        lines = [f"HTTP/1.1 {answer.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if "content-length" not in given and answer.status != 204:
            lines.append(f"Content-Length: {len(answer.body)}")
        if "date" not in given:
            lines.append(f"Date: {self.date_time_string()}")
        if self.close_connection and "connection" not in given:
            lines.append("Connection: close")
        body = b"" if self.command == "HEAD" else answer.body[: answer.deliver]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)

    def version_string(self) -> str:
        """Name no software, as Amazon does not."""
        return "Server"

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


def serve_until_shutdown(server: SandboxServer) -> None:
    """Serve until `server.shutdown()` is called from another thread, or an interrupt."""
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
